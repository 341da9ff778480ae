"""Twitter / X: replies, mentions, reposts, likes, followers and direct messages; digests are noise.

All captured mails are digests ("X Tweeted: …"): a mail about somebody's own posting is never about us.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import ClassVar
from urllib.parse import unquote

from mailbridge.sdk import (
    Ignored,
    Interest,
    Mail,
    Manifest,
    NetworkLinks,
    NoConfig,
    Route,
    Strength,
    Target,
    canonical_url,
    deed_in,
    host_of,
    noise_in,
    parts_of,
    query_of,
    read_social,
    unwrap_url,
)

_DOMAINS = ("twitter.com", "x.com")
_STATUS = re.compile(r"(?:#!/)?(?P<user>\w{1,20})/status(?:es)?/(?P<post>\d+)(?:/.*)?")
_TALK = re.compile(r"messages/(?P<thread>[\d-]+)")
_OWN = re.compile(
    r"(?:i|settings|intent|account|home|search|hashtag|notifications|messages|explore|login|signup|about|tos|privacy|rules)(?:/.*)?"
)
_USER = re.compile(r"\w{1,20}")
_MANY = 3


def target(href: str, author: str = "") -> Target:
    """Read a link as Twitter sends it; twitter.com and x.com are one place.

    Args:
        href: The link.
        author: The handle of who did what the mail tells, folded: their status is the reply or mention itself.
    """
    url = unwrap_url(href)
    host = host_of(url).removeprefix("mobile.")
    if host not in _DOMAINS:
        return Target("outside", canonical_url(href))
    path = unquote(parts_of(url).path).strip("/")
    if match := _STATUS.fullmatch(path):
        said = match["post"] if match["user"].casefold() == author else ""
        shown = f"https://twitter.com/{match['user']}/status/{match['post']}"
        return Target("object", shown, post=match["post"], comment=said)
    if match := _TALK.fullmatch(path):
        return Target("talk", f"https://twitter.com/messages/{match['thread']}", thread=match["thread"])
    if _USER.fullmatch(path) and not _OWN.fullmatch(path):
        return Target("person", f"https://twitter.com/{path}")
    named = query_of(url).get("screen_name", "") if path.startswith("i/user") else ""
    return Target("person", f"https://twitter.com/{named}") if _USER.fullmatch(named) else Target("own")


_SAYS = frozenset({"comment", "mention"})


def _links(author: str = "") -> NetworkLinks:
    return NetworkLinks(partial(target, author=author.casefold()), lambda image: "/profile_images/" in image)


class TwitterParser:
    """Reads what Twitter sends about an account."""

    manifest: ClassVar[Manifest] = Manifest(
        name="twitter",
        version="4",
        title="Twitter / X",
        evidence="assumed",
        domains=_DOMAINS,
        trust="require",
        guarded_names=frozenset({"twitter", "x (formerly twitter)"}),
    )
    Config: ClassVar[type[NoConfig]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("sender", Strength.SENDER, senders=_DOMAINS),)

    def __init__(self, config: NoConfig | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the interests of one mail; see `Parser`."""
        deed = deed_in(mail.subject)
        if (deed is not None and deed.kind == "post") or _is_digest(mail):
            return Ignored("digest")
        reason = noise_in(mail.subject)
        if reason:
            return Ignored(reason)
        found = read_social(mail, "twitter", _links())
        handle = (found[0].author.url or "").removeprefix("https://twitter.com/")
        if len(found) == 1 and found[0].kind in _SAYS and f"/{handle}/status/".casefold() in _where(found[0]):
            found = read_social(mail, "twitter", _links(handle))
        return [_with_handle(mail, one) for one in found]


def _where(interest: Interest) -> str:
    return (interest.source.url or "").casefold()


def _with_handle(mail: Mail, interest: Interest) -> Interest:
    """Add the profile that subject or body name behind the author: "Kate Dov (@katedov)", "Kate Dov @katedov"."""
    author = interest.author
    if author.url or not author.name:
        return interest
    shown = re.compile(
        rf"^\s*{re.escape(author.name)} (?:\(@(?P<told>\w{{1,20}})\)|@(?P<alone>\w{{1,20}})\s*$)", re.MULTILINE
    )
    match = shown.search(mail.subject) or shown.search(mail.words)
    if match is None:
        return interest
    named = author.model_copy(update={"url": f"https://twitter.com/{match['told'] or match['alone']}"})
    return interest.model_copy(update={"author": named})


def _is_digest(mail: Mail) -> bool:
    """Posts of several people in one mail."""
    posts = (target(link.href) for link in mail.html.links)
    return len({post.url.split("/")[3] for post in posts if post.role == "object"}) > _MANY
