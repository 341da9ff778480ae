"""What a parser is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import ClassVar, Protocol

from pydantic import BaseModel

from mailbridge.sdk.interest import Interest
from mailbridge.sdk.mail import Mail
from mailbridge.sdk.manifest import Manifest


class Strength(IntEnum):
    """How sure a route is; the strongest route wins, two parsers with equal strength are ambiguous."""

    FALLBACK = 0
    """Takes what nobody else wants (direct mail)."""
    WORDS = 1
    """Words of a language in subject or body."""
    STRUCTURE = 2
    """Layout: label/value tables, separators."""
    LINK = 3
    """A link of a shape that many programs write, such as one to a comment on the recipient's own site."""
    SIGN = 4
    """Language-independent signs that one program leaves: headers, link shapes, ids."""
    SENDER = 5
    """The sender's address or domain."""
    SENDER_AND_SIGN = 6
    """Both: for one of several parsers of the same sender."""
    FINAL = 7
    """A sign after which a mail can be nothing else, whoever sent it and whatever it quotes: a bounce."""


@dataclass(frozen=True, slots=True)
class Route:
    """One way to recognise the mails of a parser. All that is given must hold.

    Attributes:
        name: Shown by `parse --explain`, such as "sender" or "x-facebook-notify".
        strength: How sure it is.
        senders: From addresses ("ads@vk.company") or domains with subdomains ("facebookmail.com"); empty = any.
        match: A further condition, pure and fast; None = none.
    """

    name: str
    strength: Strength
    senders: tuple[str, ...] = ()
    match: Callable[[Mail], bool] | None = None

    def holds(self, mail: Mail) -> bool:
        """Whether the mail fits."""
        return self._sender_fits(mail) and (self.match is None or self.match(mail))

    def _sender_fits(self, mail: Mail) -> bool:
        if not self.senders:
            return True
        addresses, domains = _told_apart(self.senders)
        return any(address.email in addresses or address.is_of(*domains) for address in mail.senders)


@lru_cache(maxsize=1024)
def _told_apart(senders: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the addresses and the domains of a route."""
    addresses = frozenset(sender for sender in senders if "@" in sender)
    return addresses, tuple(sender for sender in senders if sender not in addresses)


@dataclass(frozen=True, slots=True)
class Ignored:
    """The parser knows this mail and there is no interest in it.

    Attributes:
        reason: Short and constant, lower_snake_case, such as "newsletter"; counted by operators.
    """

    reason: str


class NoConfig(BaseModel):
    """The settings of a parser that has none."""

    model_config = {"frozen": True, "extra": "forbid"}


class Parser(Protocol):
    """Turns the mails of one network into interests.

    A parser is pure: no clock, no files, no network, no state. The same mail gives the same interests for ever,
    which is what makes a replayed fixture a test. `Config` is the model of [parsers.NAME]; the class is called with
    an instance of it.
    """

    manifest: ClassVar[Manifest]
    Config: ClassVar[type[BaseModel]]
    routes: ClassVar[Sequence[Route]]

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the interests of one mail, at least one, in mail order; or say why there are none.

        Raises:
            TemplateChanged: The mail is ours but a part that was always there is missing. Quarantine.
            ParseError: The mail is ours and can't be read. Quarantine.

        Any other exception counts as a bug of the parser: quarantine, with the traceback in the log.
        """
        ...
