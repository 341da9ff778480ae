"""What a dictionary would save in the archive of raw mails, as parts of their own size.

    python bench/archive.py

Each line compresses the same mails as the ledger does, and with a dictionary: out of other mails of the same mailbox,
or out of the fixtures, which could be shipped.
"""

import random

import mails
import zstandard

from mailbridge.ledger.raws import pack
from mailbridge.testing.fixtures import cases

BYTES = 112 * 1024
"""What `zstd --train` takes unless told otherwise."""


def halves(raws: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return mails in two parts, both of all kinds."""
    mixed = random.Random(1).sample(raws, len(raws))
    return mixed[::2], mixed[1::2]


def main() -> None:
    """Measure and tell."""
    one_half, other_half = halves(list(mails.mails(2000)))
    ours = [case.raw for case in cases()]
    some, others = halves(ours)
    print("| mails | mean size | as now | with a dictionary | out of |")
    print("| --- | ---: | ---: | ---: | --- |")
    for name, held, trained, whose in (
        ("made up", one_half, other_half, "mails of the same mailbox"),
        ("made up", one_half, ours, "the fixtures"),
        ("fixtures", some, others, "other fixtures"),
    ):
        total = sum(map(len, held))
        packer = zstandard.ZstdCompressor(
            level=3, write_checksum=True, dict_data=zstandard.train_dictionary(BYTES, trained)
        )
        now, then = (sum(len(packed(raw)) for raw in held) / total for packed in (pack, packer.compress))
        print(f"| {name} | {total / len(held):,.0f} | {now:.1%} | {then:.1%} | {whose} |")


if __name__ == "__main__":
    main()
