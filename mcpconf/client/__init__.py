"""The clients we write for: where their files are, what an entry may hold. A table of records and plain functions."""
