"""Base64 as mails really hold it (RFC 2045 §6.8 and what breaks it)."""

import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

_SIGNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_JUNK = bytes(set(range(256)) - set(_SIGNS + b"="))
_BLANKS = b"\r\n\t "
_RUN = re.compile(rb"[^=]{2,}")


def base64_bytes(data: bytes) -> bytes:
    """Decode whatever the padding and line ends; groups that are cut short give what they can."""
    return b"".join(_run(run) for run in _RUN.findall(data.translate(None, _JUNK)))


def _run(run: bytes) -> bytes:
    if len(run) % 4 == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4)) if run else b""


@dataclass(frozen=True, slots=True)
class Measured:
    """Decoded base64 without its bytes.

    Attributes:
        size: Decoded bytes.
        sha256: Of the decoded bytes, 64 hex digits.
        is_sound: The encoding keeps to the standard.
    """

    size: int
    sha256: str
    is_sound: bool


def measure_base64(chunks: Iterable[bytes]) -> Measured:
    """Measure what `base64_bytes` would return for the joined chunks, in the memory of one chunk."""
    digest = hashlib.sha256()
    size = signs = padding = 0
    is_sound = True
    carried = b""

    def take(decoded: bytes) -> None:
        nonlocal size
        digest.update(decoded)
        size += len(decoded)

    for chunk in chunks:
        kept = chunk.translate(None, _JUNK)
        is_sound = is_sound and len(kept) == len(chunk.translate(None, _BLANKS))
        signs += len(kept)
        is_sound = is_sound and not (padding and kept.strip(b"="))
        *ended, run = (carried + kept).split(b"=")
        if ended:
            padding += len(ended)
            is_sound = is_sound and padding <= 2 and not any(ended[1:]) and not run
            take(b"".join(_run(one) for one in ended if len(one) > 1))
        whole = len(run) - len(run) % 4
        take(binascii.a2b_base64(run[:whole]))
        carried = run[whole:]
    take(_run(carried))
    return Measured(size, digest.hexdigest(), is_sound and signs % 4 == 0)
