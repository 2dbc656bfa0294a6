"""The broker: servers that stay alive between the sessions of their clients."""
