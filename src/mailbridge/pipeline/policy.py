"""Which sinks get an interest, under which key, in which lane. Pure."""

import base64
import hashlib

from mailbridge.sdk import Interest


def delivery_key(interest_id: str, account_id: str) -> str:
    """Return the key of a delivery: `mb1-` and 26 base32 digits.

    It is made of the interest and the account only, nothing random, no clock, no installation, so that it can be
    computed again when the ledger is lost.
    """
    digest = hashlib.sha256(f"{interest_id}\x1f{account_id}".encode()).digest()
    return "mb1-" + base64.b32encode(digest)[:26].decode("ascii").lower()


def lane_of(interest: Interest) -> str | None:
    """Return what orders deliveries: the author's e-mail, else phone, else profile; None = a lane of its own."""
    author = interest.author
    phone = next((phone for phone in author.phones if phone.startswith("+")), None)
    return (author.email.casefold() if author.email else None) or phone or author.url
