"""The checks: pure functions of what was seen, one module for each group."""
