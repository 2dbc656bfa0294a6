"""One module for each command. Each parses, calls one workflow, renders the result, and gives the exit code."""
