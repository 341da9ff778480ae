"""The libraries that read MIME. Which one parses changes no `Mail`; a differential test compares them."""

import logging
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from typing import Any

Parse = Callable[[bytes], Message]
"""From bytes to the tree of MIME parts; never raises."""

_MOST_ENCODED_WORDS = 1_000
_MOST_BYTES = 4_000_000

# The library logs what it finds in mails; no text of a mail belongs in a log.
logging.getLogger("mailparser").setLevel(logging.CRITICAL + 1)


class EngineFailed(Exception):  # noqa: N818 - says what happened
    """mail-parser can't be asked about this mail; the text is the word for `Mail.defects`."""


def standard(source: bytes) -> Message:
    """Parse with the standard library, on which mail-parser stands: the same tree for a third of the time."""
    return message_from_bytes(source)


def reference(source: bytes) -> Message:
    """Parse with mail-parser; where it breaks down, with what it stands on."""
    try:
        tree: Message = _mail_parser(source).message
    except EngineFailed:
        return message_from_bytes(source)
    return tree


def texts_of(source: bytes) -> tuple[str, str]:
    """Return what mail-parser holds for the plain text and the HTML of a mail: it finds some where the tree has none.

    Raises:
        EngineFailed: "engine_skipped" or "engine_failed".
    """
    found = _mail_parser(source)
    return "\n".join(found.text_plain), "\n".join(found.text_html)


def _mail_parser(source: bytes) -> Any:
    import mailparser

    # Its time grows with the square of the number of encoded words; of long texts it makes several copies.
    if len(source) > _MOST_BYTES or source.count(b"=?") > _MOST_ENCODED_WORDS:
        raise EngineFailed("engine_skipped")
    try:
        return mailparser.parse_from_bytes(source)
    except Exception as error:  # it fails in several ways on broken boundaries
        raise EngineFailed("engine_failed") from error
