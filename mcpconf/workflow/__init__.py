"""What the commands do: each function takes plain arguments and gives a result value; nothing here prints or asks."""
