"""Who wears the name of a network: display names, addresses and hosts that look like its own. Pure.

`shows` is enough for quarantine: a person who looks at the mail would take it for one of the network. `resembles` is
not, because people and firms have such names; it takes away the good word about the sender, no more.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from mailbridge.sdk import Address, Mail, Manifest, fold
from mailbridge.sdk.lookalikes import hosts_in, is_like, shown_host, skeleton, words_of

SEEN = 200
"""So much of a display name is looked at: no program shows more of it."""

FEW = 8
"""A name of fewer words may be turned by a hidden sign."""

LONG = 5
"""A guarded word of so many letters is nobody else's name."""

_SERVICE_WORDS = """
account accounts ad admin ads alert alerts app auth business care center centre chat com community contact copy customer
daily digest email from global group groups head help helpdesk hello home id inbox inc info lead leads limited llc login
ltd mail mailer mails manager marketing me message messages messenger meta mobile my net new news newsletter no noreply
notice notification notifications notify official on online org page pages pay platform platforms post posts privacy pro
registration reply report robot ru safety secure security send sender service services shop sign signin site social spam
status store support system systems team the to trust uk update updates us user users verification verify via warning
web www
администрация администратор безопасность безопасности бизнес в группа группы информация команда комментарий лид лиды
новости новое новая новый оповещение оповещения от отдел официальный поддержка поддержки реклама робот сервис сервиса
система служба сообщение сообщения сообщество техподдержка уведомление уведомления центр через аккаунт заявка заявки
почта
"""

_VIA = ("via", "through", "from", "через", "от")


@lru_cache(maxsize=1)
def _service_words() -> frozenset[str]:
    """Words that say nothing about whose a name is, as they look."""
    return frozenset(map(skeleton, _SERVICE_WORDS.split()))


@lru_cache(maxsize=1)
def _via_words() -> frozenset[str]:
    return frozenset(map(skeleton, _VIA))


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """What of a network nobody else may wear, as it looks.

    Attributes:
        manifest: Of its parser.
        names: Guarded names as words.
        long: Guarded words that are nobody else's.
        short: Guarded words that mean the network only where nothing but service words stands beside them.
        letters: Guarded words that are too short to tell by their look: вк is no BK.
        hosts: Its domains as labels.
    """

    manifest: Manifest
    names: frozenset[tuple[str, ...]]
    long: frozenset[str]
    short: frozenset[str]
    letters: frozenset[str]
    hosts: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, manifest: Manifest) -> "Guarded":
        """Return what a parser's manifest guards."""
        ways = {name: words_of(name) for name in manifest.guarded_names}
        plain = {words for name, words in ways.items() if name.isascii() or len("".join(words)) >= LONG}
        single = {words[0] for words in plain if len(words) == 1}
        return cls(
            manifest,
            frozenset(ways.values()) & plain,
            frozenset(word for word in single if len(word) >= LONG),
            frozenset(word for word in single if len(word) < LONG),
            frozenset(name for name, words in ways.items() if words not in plain),
            tuple(tuple(skeleton(label) for label in domain.split(".")) for domain in manifest.domains),
        )

    def owns(self, domain: str) -> bool:
        """Whether a domain is one of the network's."""
        return any(domain == own or domain.endswith("." + own) for own in self.manifest.domains)

    def is_shown_by(self, name: str) -> bool:
        """Whether a display name shows the network: by its name, or by an address or host of it."""
        look = _look_of(name)
        if look.folded in self.manifest.guarded_names or look.alone in self.letters:
            return True
        if any(self.owns(host) or self.is_imitated_by(host) for host in hosts_in(name)):
            return True
        return "".join(look.words) in self.long or any(self._is_named_in(one) for one in look.ways)

    def _is_named_in(self, way: "_Way") -> bool:
        words, told, whole = way
        if any(map(self._is_long, words)) or self._is_long(whole):
            return True
        if told in self.names or (len(told) == 1 and told[0] in self.short):
            return True
        return any(other in self.short and one in _via_words() for one, other in pairwise(words))

    def _is_long(self, word: str) -> bool:
        """Whether a word is one of the network's own, also with a service word or a number grown onto it."""
        return _is_grown_out_of(word, self.long)

    def _has_grown(self, word: str) -> bool:
        """Whether a short word of the network and a service word are one, as in notifyvk; vkus is none."""
        return any(
            len(word) - len(own) > 2
            and own in (word[: len(own)], word[-len(own) :])
            and _is_service(word.replace(own, "", 1))
            for own in self.short
        )

    def is_imitated_by(self, host: str) -> bool:
        """Whether a host that is not the network's looks like one of its hosts."""
        if self.owns(host):
            return False
        labels, parts = _parts_of(host)
        words = parts[:-1] or parts
        if any(_holds(labels, own) or _stands_out(parts, own) or _is_one_word(own, parts) for own in self.hosts):
            return True
        if any(self._is_long(word) or self._has_grown(word) for word in words):
            return True
        told = [word for word in words if word not in _service_words()]
        return len(told) == 1 and told[0] in self.short

    def is_named_by(self, text: str) -> bool:
        """Whether a word of the network stands somewhere in a name or an address."""
        return any(word in self.short or self._is_long(word) for word in words_of(text))


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
    told = [word for word in folded.split() if skeleton(word) not in _service_words()]
    words = words_of(name)
    turned = (tuple(word[::-1] for word in reversed(words)),) if len(words) < FEW else ()
    return _Look(folded, told[0] if len(told) == 1 else "", words, tuple(map(_way, (words, *turned))))


def _way(words: tuple[str, ...]) -> _Way:
    told = tuple(word for word in words if word not in _service_words())
    return words, told, "".join(told)


@lru_cache(maxsize=4096)
def _parts_of(host: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels of a host as they look, and the words in them."""
    labels = tuple(skeleton(label) for label in shown_host(host).split("."))
    return labels, tuple(part for label in labels for part in words_of(label))


def _holds(labels: Sequence[str], own: Sequence[str]) -> bool:
    """Whether the labels of a domain stand side by side among others."""
    return any(tuple(labels[place : place + len(own)]) == tuple(own) for place in range(len(labels) - len(own) + 1))


def _stands_out(parts: Sequence[str], own: Sequence[str]) -> bool:
    """Whether the words of a host begin with a domain, or hold it with service words only before it.

    At its very end the last word is where the host really is: mebel-ok.ru is a shop, mail-ok.ru is not; ok-ru.example
    is none whatever stands before.
    """
    size = len(own)
    inside = _holds(parts[:-1], own)
    return inside or (
        tuple(parts[-size:]) == tuple(own) and all(word in _service_words() for word in parts[: len(parts) - size])
    )


def _is_one_word(own: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether the labels of a domain have become one word, as vkcom; a letter is no name: xcom is a shop."""
    return len(own[0]) > 1 and "".join(own) in parts


def _is_service(rest: str) -> bool:
    return not rest or rest.isdecimal() or rest in _service_words()


@lru_cache(maxsize=4096)
def _is_grown_out_of(word: str, long: frozenset[str]) -> bool:
    if any(is_like(word, own) or (own in word and _is_service(word.replace(own, "", 1))) for own in long):
        return True
    bare = {word.removeprefix(one).removesuffix(one) for one in _service_words() if len(one) > 2}
    return any(is_like(one, own) for one in bare - {word} for own in long)


def shows(mail: Mail, guarded: Iterable[Guarded]) -> str | None:
    """Return what shows a network that the sender is not, None when nothing does."""
    return _shown(mail.headers.get("From")[:SEEN], mail.senders, tuple(guarded))


@lru_cache(maxsize=1024)
def _shown(header: str, senders: tuple[Address, ...], guarded: tuple[Guarded, ...]) -> str | None:
    return next(_all_shown(_without_addresses(header), senders, guarded), None)


def _all_shown(written: str, senders: Sequence[Address], guarded: Iterable[Guarded]) -> Iterator[str]:
    for one in guarded:
        strangers = [address for address in senders if not one.owns(address.domain)]
        for address in strangers:
            if one.is_shown_by(address.name[:SEEN]):
                yield f"{address.email or 'nobody'} shows the name of {one.manifest.title}"
            elif one.is_imitated_by(address.domain):
                yield f"{address.email}: the host looks like one of {one.manifest.title}"
            elif any(one.owns(host) for host in hosts_in(address.email.rpartition("@")[0])):
                yield f"{address.email}: a host of {one.manifest.title} stands before the @"
        if written and strangers and len(strangers) == len(senders) and one.is_shown_by(written):
            yield f"{strangers[0].email or 'nobody'} shows the name of {one.manifest.title}"


def resembles(mail: Mail, guarded: Iterable[Guarded]) -> bool:
    """Whether a word of a network stands in the name or the address of a sender that is not the network."""
    return any(
        one.is_named_by(text)
        for one in guarded
        for address in mail.senders
        if not one.owns(address.domain)
        for text in (address.name[:SEEN], address.email.replace("@", " "))
    )


def _without_addresses(written: str) -> str:
    """Return what of a From field people see beside the address: names of groups and comments too."""
    outside = "".join(part.partition(">")[2] if place else part for place, part in enumerate(written.split("<")))
    return " ".join(word for word in outside.replace(":", ": ").split() if "@" not in word)
