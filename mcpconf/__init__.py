"""mcpconf: one named profile of MCP servers, in every place where Claude runs."""

__version__ = "0.1.0"
