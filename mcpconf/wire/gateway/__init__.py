"""Many servers as one: what a gateway says to one client and to each server, without input, output or clock."""
