"""Hosts that look like those of somebody else: letters of other alphabets, digits for letters, its name in front.

One judgement for both: who sends a mail, and where a link in it leads.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailbridge.sdk.lookalikes import is_like, shown_host, skeleton, words_of

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


@lru_cache(maxsize=1)
def service_words() -> frozenset[str]:
    """Return the words that say nothing about whose a name is, as they look."""
    return frozenset(map(skeleton, _SERVICE_WORDS.split()))


@dataclass(frozen=True, slots=True, eq=False)
class HostLook:
    """What the hosts of somebody look like.

    Attributes:
        domains: Its own: they and what is below them.
        labels: The same as labels, as they look.
        long: Words that are nobody else's, as they look.
        short: Words that mean it only where nothing but service words stands beside them.
    """

    domains: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    long: frozenset[str]
    short: frozenset[str]

    @classmethod
    def of(cls, domains: Iterable[str], words: Iterable[str]) -> "HostLook":
        """Return the look of some domains and of names, given as `words_of` returns a single word."""
        own, names = tuple(domains), frozenset(words)
        return cls(
            own,
            tuple(tuple(skeleton(label) for label in domain.split(".")) for domain in own),
            frozenset(word for word in names if len(word) >= LONG),
            frozenset(word for word in names if len(word) < LONG),
        )

    def owns(self, domain: str) -> bool:
        """Whether a domain is one of its own."""
        return any(domain == own or domain.endswith("." + own) for own in self.domains)

    def is_imitated_by(self, host: str) -> bool:
        """Whether a host that is not its own looks like one of its hosts."""
        if self.owns(host):
            return False
        labels, parts = _parts_of(host)
        words = parts[:-1] or parts
        if any(_holds(labels, own) or _stands_out(parts, own) or _is_one_word(own, parts) for own in self.labels):
            return True
        if any(self.is_long(word) or self._has_grown(word) for word in words):
            return True
        told = [word for word in words if word not in service_words()]
        return len(told) == 1 and told[0] in self.short

    def is_long(self, word: str) -> bool:
        """Whether a word is one of its own, also with a service word or a number grown onto it."""
        return _is_grown_out_of(word, self.long)

    def _has_grown(self, word: str) -> bool:
        """Whether a short word and a service word are one, as in notifyvk; vkus is none."""
        return any(
            len(word) - len(own) > 2
            and own in (word[: len(own)], word[-len(own) :])
            and is_service(word.replace(own, "", 1))
            for own in self.short
        )


_KNOWN = {
    "vk vkontakte вконтакте": "vk.com vk.ru vk.me vk.cc vk.link vk.company vk.team vkontakte.ru vkvideo.ru vkuser.net",
    "odnoklassniki одноклассники": "ok.ru ok.me odnoklassniki.ru mycdn.me",
    "facebook": "facebook.com fb.com fb.me fb.watch facebookmail.com facebook.net fbcdn.net fbsbx.com messenger.com",
    "instagram": "instagram.com instagr.am ig.me cdninstagram.com threads.net threads.com",
    "twitter": "x.com twitter.com t.co twimg.com",
    "linkedin": "linkedin.com lnkd.in licdn.com",
    "youtube": "youtube.com youtu.be youtube-nocookie.com ytimg.com",
    "telegram": "t.me telegram.org telegram.me telegram.dog telegra.ph telegram-cdn.org",
    "whatsapp": "wa.me whatsapp.com whatsapp.net",
    "google": "google.com goo.gl gmail.com googlemail.com googleusercontent.com google-analytics.com doubleclick.net",
    "yandex": "yandex.ru yandex.com yandex.net yandex.by yandex.kz yandex.uz ya.ru yastatic.net yandex-team.ru",
    "2gis": "2gis.ru 2gis.com 2gis.kz 2gis.ae",
    "avito": "avito.ru avito.st",
    "gosuslugi": "gosuslugi.ru",
    "sberbank": "sberbank.ru sberbank.com sber.ru",
    "tinkoff tbank": "tbank.ru tinkoff.ru",
    "paypal": "paypal.com paypal.me",
    "microsoft": "microsoft.com microsoftonline.com outlook.com",
}
"""Where people write, look for firms, log in and pay: names that are nobody else's → domains, the best known first."""

_ABROAD = re.compile(r"(?:[\w-]+\.)*(?:google|yandex)\.(?:com?\.)?[a-z]{2}")
"""They have a domain in nearly every country."""


@lru_cache(maxsize=1)
def _known() -> tuple[HostLook, ...]:
    return tuple(HostLook.of(own.split(), map(skeleton, words.split())) for words, own in _KNOWN.items())


@lru_cache(maxsize=4096)
def imitated_by(host: str) -> str | None:
    """Return the known host that another one looks like, such as "vk.com" of vk.com-id.example; None = honest."""
    host = host.lower().strip(".")
    if not host or _ABROAD.fullmatch(host) or is_known(host):
        return None
    return next((one.domains[0] for one in _known() if one.is_imitated_by(host)), None)


def is_known(host: str) -> bool:
    """Whether a host is one of those where people write, look for firms, log in and pay."""
    return any(one.owns(host) for one in _known())


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
    inside = len(own[0]) > 1 and _holds(parts[:-1], own)
    return inside or (
        tuple(parts[-size:]) == tuple(own) and all(word in service_words() for word in parts[: len(parts) - size])
    )


def _is_one_word(own: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether the labels of a domain have become one word, as vkcom; a letter is no name: xcom is a shop."""
    return len(own[0]) > 1 and "".join(own) in parts


def is_service(rest: str) -> bool:
    """Whether a word, or what is left of one, says nothing about whose it is."""
    return not rest or rest.isdecimal() or rest in service_words()


@lru_cache(maxsize=4096)
def _is_grown_out_of(word: str, long: frozenset[str]) -> bool:
    if any(is_like(word, own) or (own in word and is_service(word.replace(own, "", 1))) for own in long):
        return True
    bare = {word.removeprefix(one).removesuffix(one) for one in service_words() if len(one) > 2}
    return any(is_like(one, own) for one in bare - {word} for own in long)
