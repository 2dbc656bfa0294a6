"""Lossless edits of JSON and JSONC text: (text, pointer, members) -> text, with every other byte where it was."""
