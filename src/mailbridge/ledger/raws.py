"""Raw mails as the ledger keeps them: zstd, bit for bit the same when read."""

import zstandard

CODEC = "zstd"
_LEVEL = 3


def pack(body: bytes) -> bytes:
    """Return the compressed bytes."""
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(body)


def unpack(codec: str, body: bytes) -> bytes:
    """Return the raw bytes.

    Raises:
        ValueError: Unknown codec: the ledger is newer than this program.
    """
    if codec != CODEC:
        raise ValueError(f"raw mail in unknown codec {codec!r}")
    return zstandard.ZstdDecompressor().decompress(body)
