"""Smaller networks, read by what all notifications have in common: Reddit, TikTok, Pinterest and others.

No mail of theirs is public. Only what a subject tells somebody did to the recipient is read; digests, advice and what
other people publish go the way of all other mail.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, NamedTuple
from urllib.parse import unquote

from pydantic import BaseModel

from mailbridge.sdk import (
    Interest,
    Mail,
    Manifest,
    NetworkLinks,
    NoConfig,
    ParseError,
    Route,
    Strength,
    Target,
    actors_in,
    canonical_url,
    deed_in,
    host_of,
    noise_in,
    parts_of,
    read_social,
    unwrap_url,
)
from mailbridge.sdk.names import is_name


class _Network(NamedTuple):
    """Where a network writes from, the site that its links lead to, and whether profiles stand at its root."""

    senders: tuple[str, ...]
    site: str
    has_bare_names: bool = False


_NETWORKS = {
    "reddit": _Network(("redditmail.com", "reddit.com"), "reddit.com"),
    "tiktok": _Network(("tiktok.com",), "tiktok.com"),
    "pinterest": _Network(("pinterest.com",), "pinterest.com", has_bare_names=True),
    "threads": _Network(("threads.net", "threads.com"), "threads.com"),
    "quora": _Network(("quora.com",), "quora.com"),
    "medium": _Network(("medium.com",), "medium.com"),
    "substack": _Network(("substack.com",), "substack.com"),
    "patreon": _Network(("patreon.com",), "patreon.com"),
    "behance": _Network(("behance.com", "behance.net"), "behance.net", has_bare_names=True),
    "dzen": _Network(("dzen.ru", "zen.yandex.ru"), "dzen.ru"),
    "rutube": _Network(("rutube.ru",), "rutube.ru"),
    "livejournal": _Network(("livejournal.com",), "livejournal.com"),
    "pikabu": _Network(("pikabu.ru",), "pikabu.ru"),
}
_SENDERS = tuple(sender for network in _NETWORKS.values() for sender in network.senders)
_TO_US = re.compile(
    r"\b(?:you|your|вас|вам|вами|ваш\w*|dich|dir|dein\w*|te|ti|tu|tus|vous|votre|vos)\b|\bmentioned\b", re.IGNORECASE
)
_PERSON = re.compile(r"@[\w.-]{1,60}|(?:u|user|users|profile|people|channel|id)/[\w.%-]{1,80}", re.IGNORECASE)
_BARE = re.compile(r"[A-Za-z][\w-]{2,40}")
_OWN = re.compile(
    r"settings|login|log-?out|signup|unsubscribe|notifications?|about|help|terms|privacy|policy|business|search|messages|inbox|home",
    re.IGNORECASE,
)
_NICK = re.compile(r"[\w./-]{2,60}")
_TALK = re.compile(r"(?:messages?|chat|inbox|direct|im)(?:/[\w-]{1,40}){0,2}/(?P<thread>[\w-]{2,60})", re.IGNORECASE)
_OBJECT = re.compile(
    r"(?:[\w.@-]{1,80}/){0,3}?(?:comments?|posts?|p|pins?|videos?|photos?|status|answers?|questions?|gallery|notes?|a|b|story)"
    r"/(?P<post>[\w.-]{1,120})(?:/.{0,200})?",
    re.IGNORECASE,
)
_BELOW = re.compile(r".*/comments?/(?:\w+/[\w%-]*/)?(?P<comment>\w{2,20})")


def target(network: _Network, href: str) -> Target:
    """Read a link as a network sends it, by the words that all of them use in their addresses."""
    url, site = unwrap_url(href), network.site
    host = host_of(url)
    if not any(host == own or host.endswith("." + own) for own in (site, *network.senders)):
        return Target("outside", canonical_url(href))
    path = unquote(parts_of(url).path).strip("/")
    shown = canonical_url(f"https://{_host(host, site)}/{path}", keep=lambda _: False)
    if _PERSON.fullmatch(path) or (network.has_bare_names and _BARE.fullmatch(path) and not _OWN.fullmatch(path)):
        return Target("person", shown)
    if match := _TALK.fullmatch(path):
        return Target("talk", shown, thread=match["thread"])
    if match := _OBJECT.fullmatch(path):
        below = _BELOW.fullmatch(path)
        comment = below["comment"] if below and below["comment"] != match["post"] else ""
        return Target("object", shown, post=match["post"], comment=comment)
    return Target("own")


def _host(host: str, site: str) -> str:
    """Pages of somebody's own host stay there; mail and mobile hosts lead to the site."""
    first = host.removesuffix(site).rstrip(".") if host.endswith(site) else ""
    return f"www.{site}" if first in {"", "www", "m", "email", "mail", "e", "click", "links"} else host


def _of(mail: Mail) -> str | None:
    return next((name for name, network in _NETWORKS.items() if mail.sender.is_of(*network.senders)), None)


def _is_of_own_list(mail: Mail) -> bool:
    """Whether it is an issue of a newsletter that the network sends for somebody."""
    name = mail.headers.get("List-Id").strip().rstrip(">").casefold()
    return any(name.endswith(f".{sender}") for sender in _SENDERS)


def _tells_a_deed(mail: Mail) -> bool:
    deed = deed_in(mail.subject)
    told = deed is not None and deed.kind not in {"post", "visit"} and noise_in(mail.subject) is None
    if not told or not _TO_US.search(mail.subject) or _is_of_own_list(mail):
        return False
    # "Why your lamps replied to the dark" is the title of a newsletter.
    return all(is_name(name) or _NICK.fullmatch(name) for name in actors_in(mail.subject))


class NetworksParser:
    """Reads what smaller networks tell about an account."""

    manifest: ClassVar[Manifest] = Manifest(
        name="networks",
        version="1",
        title="Reddit, TikTok, Pinterest, Threads, Medium, Substack, Patreon and others",
        evidence="assumed",
        docs="docs/parsers/assumed.md",
        domains=_SENDERS,
        trust="require",
        guarded_names=frozenset(_NETWORKS),
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("sender", Strength.SENDER_AND_SIGN, senders=_SENDERS, match=_tells_a_deed),
    )

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest]:
        """Return the interests of one mail; see `Parser`."""
        name = _of(mail)
        if name is None:
            raise ParseError("unknown_sender", mail.sender.email)
        links = NetworkLinks(partial(target, _NETWORKS[name]), lambda image: "avatar" in image)
        return read_social(mail, name, links)
