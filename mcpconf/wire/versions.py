"""The versions of the Model Context Protocol, and the names that its specification keeps for itself in `_meta`."""

from __future__ import annotations

HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")  # with `initialize`
MODERN_VERSIONS = ("2026-07-28",)  # each request names its version
BATCH_VERSION = "2025-03-26"  # the only one with arrays of messages

RESERVED = "io.modelcontextprotocol/"
VERSION_KEY = RESERVED + "protocolVersion"
CAPABILITIES_KEY = RESERVED + "clientCapabilities"
CLIENT_KEY = RESERVED + "clientInfo"
SERVER_KEY = RESERVED + "serverInfo"
SUBSCRIPTION_KEY = RESERVED + "subscriptionId"
RELATED_KEY = RESERVED + "related-task"
