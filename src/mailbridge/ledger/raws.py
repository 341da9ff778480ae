"""Raw mails as the ledger keeps them: zstd, bit for bit the same when read."""

import hashlib

import zstandard

CODEC = "zstd"
_LEVEL = 3


def mail_id_of(raw: bytes, size: int, place: str = "") -> str:
    """Return SHA-256 of the raw bytes; of a mail whose bytes are not all here, of what tells it from others.

    Args:
        raw: Its bytes, or the beginning of them.
        size: Bytes of the whole mail.
        place: Where it lies, when there are no bytes at all.
    """
    digest = hashlib.sha256(raw)
    if size > len(raw):
        digest.update(f"{size} {place}".encode())
    return digest.hexdigest()


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
