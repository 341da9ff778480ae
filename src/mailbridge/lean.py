"""What a long-lived process does for its own start and memory before anything else."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ARENAS = 2
"""Of the allocator. One for every thread, as it has otherwise, keeps what each of them once needed."""

_M_ARENA_MAX = -8
"""https://man7.org/linux/man-pages/man3/mallopt.3.html"""


def few_arenas() -> None:
    """Let threads share memory that is free; does nothing where the C library is not glibc."""
    with suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018 - others have the call below, and it means something else or nothing
        libc.mallopt(_M_ARENA_MAX, ARENAS)


@contextmanager
def no_collections() -> Iterator[None]:
    """Look for no garbage meanwhile: modules and settings stay, and each search walks through all of them."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
