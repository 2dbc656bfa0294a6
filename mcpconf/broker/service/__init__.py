"""What a system's own service manager is told of the broker: pure functions from values to the text of its files."""
