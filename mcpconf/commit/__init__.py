"""The only writer of client files: locks, compare, backup, atomic or in-place write, ledger, history."""
