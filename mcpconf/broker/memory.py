"""How the broker's process deals with the system's memory."""

from __future__ import annotations

_TRIM, _MMAP = -1, -3  # mallopt(3): M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
KEPT = 8 << 20  # bytes at the heap's end that are not given back
APART = 4 << 20  # and from this size a piece of memory is the system's own, given back when it is free


def keep_memory() -> None:
    """Keep freed memory for the next message, where the system's malloc is glibc's.

    By default it gives back what lies free at the end of the heap from 128 KB, so that with every long message the same
    pages are given away, asked for and cleared again: two thirds of what the broker spent on a result of 1 MB.
    """
    try:
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM, KEPT)
        mallopt(_MMAP, APART)
    except (OSError, AttributeError, ImportError, TypeError):
        return
