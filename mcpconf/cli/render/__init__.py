"""Results as text for people. Each module takes one kind of result and gives lines; `console` writes them."""
