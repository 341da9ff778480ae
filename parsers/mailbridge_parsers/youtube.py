"""YouTube: comments and replies under own videos; news of subscribed channels are noise.

Mails about uploads and live streams are captured; no mail about a comment is, so its words are read without a template.
"""

import re
from collections.abc import Sequence
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
    ignored_unless_told,
    noise_in,
    parts_of,
    query_of,
    read_social,
    unwrap_url,
)

_DOMAINS = ("youtube.com",)
_CHANNEL = re.compile(r"(?:channel/|c/|user/|@)[^/]+")
_VIDEO = re.compile(r"(?:shorts|live|embed)/(?P<video>[\w-]{6,})")


def target(href: str) -> Target:
    """Read a link as YouTube sends it; `lc` names the comment."""
    url = unwrap_url(href)
    host = host_of(url).removeprefix("m.")
    path = unquote(parts_of(url).path).strip("/")
    if host == "youtu.be":
        return _video(path, url)
    if host != "youtube.com":
        return Target("outside", canonical_url(href))
    if path == "watch":
        return _video(query_of(url).get("v", ""), url)
    if match := _VIDEO.fullmatch(path):
        return _video(match["video"], url)
    if _CHANNEL.fullmatch(path):
        return Target("person", canonical_url(f"https://www.youtube.com/{path}", keep=lambda _: False))
    return Target("own")


def _video(video: str, url: str) -> Target:
    if not video:
        return Target("own")
    comment = query_of(url).get("lc", "")
    shown = f"https://www.youtube.com/watch?v={video}" + (f"&lc={comment}" if comment else "")
    return Target("object", canonical_url(shown), post=video, comment=comment)


_LINKS = NetworkLinks(target, lambda image: "googleusercontent.com/" in image or "ggpht.com/" in image)


class YoutubeParser:
    """Reads what YouTube sends about a channel."""

    manifest: ClassVar[Manifest] = Manifest(
        name="youtube",
        version="3",
        title="YouTube",
        evidence="assumed",
        domains=_DOMAINS,
        trust="require",
        guarded_names=frozenset({"youtube"}),
    )
    Config: ClassVar[type[NoConfig]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("sender", Strength.SENDER, senders=_DOMAINS),)

    def __init__(self, config: NoConfig | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the interests of one mail; see `Parser`."""
        deed = deed_in(mail.subject)
        if deed is not None and deed.kind == "post":
            return Ignored("subscription")
        reason = noise_in(mail.subject)
        if reason:
            return ignored_unless_told(mail, "youtube", _LINKS, reason)
        return [_with_handle(one) for one in read_social(mail, "youtube", _LINKS)]


def _with_handle(interest: Interest) -> Interest:
    """Call an author by the handle where YouTube shows no other name: "@anna.smith commented on …"."""
    author = interest.author
    handle = unquote((author.url or "").partition("youtube.com/@")[2])
    if author.name or not handle:
        return interest
    return interest.model_copy(update={"author": author.model_copy(update={"name": handle})})
