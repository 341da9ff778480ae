"""What a long-lived process does for its own start and memory before anything else."""

import ctypes
import gc
import sys
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


OPTIONAL = ("rich", "pygments", "click")
"""What structlog and httpx take along when it is there, to colour tracebacks and for a command line of their own."""


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Import meanwhile as if packages were not installed; those that are loaded already stay."""
    absent = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


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
