"""Only the head of a mail: for what has to be known before, or without, decoding it."""

from email.parser import BytesHeaderParser
from email.policy import compat32

from mailbridge.mailbox.headers import decoded_headers, fields_of, values
from mailbridge.mailbox.headers_addresses import parse_addresses
from mailbridge.mailbox.headers_repair import repaired
from mailbridge.mailbox.limits import Limits
from mailbridge.sdk import Address, Headers

_LIMITS = Limits()


def head_of(raw: bytes) -> tuple[Headers, tuple[Address, ...]]:
    """Return the header fields of a mail, at most as many bytes as a head may have, and the addresses of From."""
    message = BytesHeaderParser(policy=compat32).parsebytes(repaired(raw[: _LIMITS.head_bytes])[0])
    fields = fields_of(message)
    defects: list[str] = []
    senders = parse_addresses(values(fields, ("From",), defects, ""), _LIMITS.addresses, defects)
    return decoded_headers(fields, defects), senders
