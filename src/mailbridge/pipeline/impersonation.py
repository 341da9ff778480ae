"""Who wears the name of a network: display names, addresses and hosts that look like its own. Pure.

`shows` is enough for quarantine: a person who looks at the mail would take it for one of the network. `resembles` is
not, because people and firms have such names; it takes away the good word about the sender, no more.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from mailbridge.sdk import Address, Mail, Manifest, fold
from mailbridge.sdk.lookalike_hosts import LONG, HostLook, imitated_by, service_words
from mailbridge.sdk.lookalikes import hosts_in, skeleton, words_of

SEEN = 200
"""So much of a display name is looked at: no program shows more of it."""

FEW = 8
"""A name of fewer words may be turned by a hidden sign."""

_VIA = ("via", "through", "from", "через", "от")


@lru_cache(maxsize=1)
def _via_words() -> frozenset[str]:
    return frozenset(map(skeleton, _VIA))


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """What of a network nobody else may wear, as it looks.

    Attributes:
        manifest: Of its parser.
        names: Guarded names as words.
        letters: Guarded words that are too short to tell by their look: вк is no BK.
        look: Its domains, and its names of one word.
    """

    manifest: Manifest
    names: frozenset[tuple[str, ...]]
    letters: frozenset[str]
    look: HostLook

    @classmethod
    def of(cls, manifest: Manifest) -> "Guarded":
        """Return what a parser's manifest guards."""
        ways = {name: words_of(name) for name in manifest.guarded_names}
        plain = {words for name, words in ways.items() if name.isascii() or len("".join(words)) >= LONG}
        return cls(
            manifest,
            frozenset(ways.values()) & plain,
            frozenset(name for name, words in ways.items() if words not in plain),
            HostLook.of(manifest.domains, (words[0] for words in plain if len(words) == 1)),
        )

    def is_shown_by(self, name: str) -> bool:
        """Whether a display name shows the network: by its name, or by an address or host of it."""
        look = _look_of(name)
        if look.folded in self.manifest.guarded_names or look.alone in self.letters:
            return True
        if any(self.look.owns(host) or self.look.is_imitated_by(host) for host in hosts_in(name)):
            return True
        return "".join(look.words) in self.look.long or any(self._is_named_in(one) for one in look.ways)

    def _is_named_in(self, way: "_Way") -> bool:
        words, told, whole = way
        if any(map(self.look.is_long, words)) or self.look.is_long(whole):
            return True
        if told in self.names or (len(told) == 1 and told[0] in self.look.short):
            return True
        return any(other in self.look.short and one in _via_words() for one, other in pairwise(words))

    def is_named_by(self, text: str) -> bool:
        """Whether a word of the network stands somewhere in a name or an address."""
        return any(word in self.look.short or self.look.is_long(word) for word in words_of(text))


_Way = tuple[tuple[str, ...], tuple[str, ...], str]
"""Words of a name, those of them that say something, and these as one word."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What a display name looks like; the same for all networks.

    Attributes:
        folded: The name for comparison, letter by letter.
        alone: The one word of it that says something, "" when there are several.
        words: As they look.
        ways: As it is written, and as it looks when a hidden sign turns the direction of writing.
    """

    folded: str
    alone: str
    words: tuple[str, ...]
    ways: tuple[_Way, ...]


@lru_cache(maxsize=4096)
def _look_of(name: str) -> _Look:
    folded = fold(name)
    told = [word for word in folded.split() if skeleton(word) not in service_words()]
    words = words_of(name)
    turned = (tuple(word[::-1] for word in reversed(words)),) if len(words) < FEW else ()
    return _Look(folded, told[0] if len(told) == 1 else "", words, tuple(map(_way, (words, *turned))))


def _way(words: tuple[str, ...]) -> _Way:
    told = tuple(word for word in words if word not in service_words())
    return words, told, "".join(told)


def shows(mail: Mail, guarded: Iterable[Guarded]) -> str | None:
    """Return what shows a network that the sender is not, None when nothing does."""
    return _shown(mail.headers.get("From")[:SEEN], mail.senders, tuple(guarded))


@lru_cache(maxsize=1024)
def _shown(header: str, senders: tuple[Address, ...], guarded: tuple[Guarded, ...]) -> str | None:
    return next(_all_shown(header, senders, guarded), None)


def _all_shown(header: str, senders: Sequence[Address], guarded: Iterable[Guarded]) -> Iterator[str]:
    written, hosts = _without_addresses(header), hosts_in(header)
    for one in guarded:
        strangers = [address for address in senders if not one.look.owns(address.domain)]
        for address in strangers:
            if one.is_shown_by(address.name[:SEEN]):
                yield f"{address.email or 'nobody'} shows the name of {one.manifest.title}"
            elif one.look.is_imitated_by(address.domain):
                yield f"{address.email}: the host looks like one of {one.manifest.title}"
            elif any(one.look.owns(host) for host in hosts_in(address.email.rpartition("@")[0])):
                yield f"{address.email}: a host of {one.manifest.title} stands before the @"
        if not strangers or len(strangers) < len(senders):
            continue
        if written and one.is_shown_by(written):
            yield f"{strangers[0].email or 'nobody'} shows the name of {one.manifest.title}"
        elif any(map(one.look.owns, hosts)):  # in a route, say: <@vk.com:anna@sender.example>
            yield f"{strangers[0].email or 'nobody'}: a host of {one.manifest.title} stands in the From field"


def resembles(mail: Mail, guarded: Iterable[Guarded]) -> bool:
    """Whether a sender's host looks like a known one, or name or address hold a word of a network not its own."""
    watched = tuple(guarded)
    if watched and any(imitated_by(address.domain) for address in mail.senders):
        return True
    return any(
        one.is_named_by(text)
        for one in watched
        for address in mail.senders
        if not one.look.owns(address.domain)
        for text in (address.name[:SEEN], address.email.replace("@", " "))
    )


def _without_addresses(written: str) -> str:
    """Return what of a From field people see beside the address: names of groups and comments too."""
    outside = "".join(part.partition(">")[2] if place else part for place, part in enumerate(written.split("<")))
    return " ".join(word for word in outside.replace(":", ": ").split() if "@" not in word)
