"""Which address answers: an MCP endpoint over a bare TCP connection, or a broker of ours, the host's mostly."""
