"""MCP on a byte stream, without any input or output: framing, envelopes, splicing."""
