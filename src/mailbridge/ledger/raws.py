"""Raw mails as the ledger keeps them: zstd, bit for bit the same when read."""

from dataclasses import dataclass

import zstandard

CODEC = "zstd"
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Packed:
    """A raw mail as it lies in the ledger: whoever only hands it on has no need of its many bytes.

    Attributes:
        codec: How it is compressed, None = not at all.
        body: The bytes.
    """

    codec: str | None
    body: bytes

    @property
    def raw(self) -> bytes:
        """The raw bytes, anew each time; raises ValueError as `unpack`."""
        return self.body if self.codec is None else unpack(self.codec, self.body)


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
