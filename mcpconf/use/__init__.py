"""Using servers: to try one, to ask for its tools, to call one; through the broker, or started for this once."""
