"""All servers behind one connection: sessions of the gateway, what it remembers, and its plain door."""
