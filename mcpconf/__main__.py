"""`python -m mcpconf`."""

from mcpconf.cli.main import entry

if __name__ == "__main__":
    entry()
