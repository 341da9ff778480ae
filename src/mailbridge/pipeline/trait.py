"""Recognising one person in a text by what people are asked for: an address, a number, a profile. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

from mailbridge.sdk import MailbridgeError, canonical_url, is_email, phone

_LEAST_DIGITS = 9
_SCHEME = re.compile(r"^https?://(?:www\.|m\.)?", re.IGNORECASE)
_NO_DIGITS = re.compile(r"[^0-9\n]+")
_BEFORE, _AFTER = r"(?<![\w.+-])", r"(?![\w-]|\.\w)"


class NoTrait(MailbridgeError):  # noqa: N818 - says what is known
    """A person can't be recognised by this."""

    exit_code = 64


@dataclass(frozen=True, slots=True)
class Trait:
    """What a person is recognised by.

    Attributes:
        kind: Of what it is.
        value: Address in lower case, E.164 number, or canonical link.
    """

    kind: Literal["email", "phone", "url"]
    value: str

    @property
    def key(self) -> str:
        """As the ledger keeps it."""
        return f"{self.kind}:{self.value}"

    def is_in(self, text: str) -> bool:
        """Whether the text names it, in any usual spelling."""
        if self.kind == "email":
            return bool(re.search(_BEFORE + re.escape(self.value) + _AFTER, text, re.IGNORECASE))
        if self.kind == "phone":
            return self.value[-_LEAST_DIGITS:] in _NO_DIGITS.sub("", text)
        bare = _SCHEME.sub("", self.value).rstrip("/")
        return bool(re.search(re.escape(bare) + r"(?![\w.-])", text, re.IGNORECASE))


def trait_of(text: str) -> Trait:
    """Return what a person typed as a trait.

    Raises:
        NoTrait: It is neither an e-mail address, nor a phone number, nor a link to a profile.
    """
    text = text.strip()
    if is_email(text):
        return Trait("email", text.casefold())
    if (number := phone(text)).startswith("+"):
        return Trait("phone", number)
    if url := canonical_url(text) if "://" in text else "":
        return Trait("url", url)
    raise NoTrait(f"{text!r} names nobody: give an e-mail address, a phone number, or the whole link to a profile")
