"""The canary mail: a mail that the program sends to itself, to prove that mails arrive and are read. Pure.

It carries a token that nobody can guess: a random number, which the ledger knows, and a signature of it, by which it is
known as ours after the ledger was lost.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

HEADER = "X-Mailbridge-Canary"
REASON = "canary"
"""Why it is ignored: no interest is ever made of a mail with the header, whoever sent it."""

FORGED = "canary_forged"
"""Why one is quarantined that is not ours."""

_HEAD_BYTES = 65_536
_TOKEN = re.compile(rb"^" + HEADER.encode() + rb":\s*([0-9a-f]{32})\.([0-9a-f]{32})\s*?$", re.MULTILINE | re.IGNORECASE)
_POLICY = SMTP.clone(max_line_length=200)

_TEXT = """\
This mail was sent by {name} to itself: it proves that mails reach this mailbox and are read.
Nobody has to do anything with it, and nothing of it reaches the CRM. It may be deleted.
"""


@dataclass(frozen=True, slots=True)
class Token:
    """What a canary mail carries: a random number as 32 hex digits, and whether its signature is ours."""

    number: str
    signed: bool


def signature(number: str, key: bytes) -> str:
    """Return the signature of a number (HMAC-SHA-256, RFC 2104, its first 128 bits)."""
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:32]


def token_in(raw: bytes, key: bytes) -> Token | None:
    """Return the token of a mail, None when it has none that could be one."""
    head = raw[:_HEAD_BYTES]
    end = re.search(rb"\r?\n\r?\n", head)
    match = _TOKEN.search(head[: end.start()] if end else head)
    if match is None:
        return None
    number, sign = match[1].decode().lower(), match[2].decode().lower()
    return Token(number, hmac.compare_digest(sign, signature(number, key)))


def compose(number: str, key: bytes, *, sender: str, to: str, name: str, now: float) -> EmailMessage:
    """Return a canary mail.

    Args:
        number: 32 random hex digits.
        key: What it is signed with.
        sender: Address that it comes from.
        to: Address of the shared mailbox.
        name: How messages name this installation.
        now: Unix seconds.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = f"{name}: canary mail"
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mail["Message-ID"] = f"<canary.{number}@{sender.rpartition('@')[2]}>"
    # No machine should answer it (RFC 3834 §5; the second one is Exchange's).
    mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"] = "auto-generated", "All"
    mail[HEADER] = f"{number}.{signature(number, key)}"
    mail.set_content(_TEXT.format(name=name))
    return mail
