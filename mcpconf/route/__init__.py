"""How a client reaches a server: each route says whether it fits and what is to be started."""
