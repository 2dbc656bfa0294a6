"""The command line: one module per command, thin; `render.py` is the only place that prints, `ask.py` that asks."""
