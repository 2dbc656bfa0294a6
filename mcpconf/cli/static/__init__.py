"""What shells complete, made of the commands' own words, so that no shell has to start us to know them."""
