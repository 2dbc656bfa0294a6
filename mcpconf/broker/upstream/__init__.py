"""The servers behind the broker: what is configured, and their processes from start to end."""
