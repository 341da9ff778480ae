"""Instagram: comments, likes, mentions and followers, where a mail names somebody; codes and recaps are noise.

Only headers of real mails are known, so the words are read without a template.
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
    host_of,
    ignored_unless_told,
    noise_in,
    parts_of,
    read_social,
    unwrap_url,
)

_DOMAINS = ("mail.instagram.com", "instagram.com")
_POST = re.compile(r"(?:[\w.]+/)?(?:p|reel|reels|tv)/(?P<post>[\w-]+)(?:/c/(?P<comment>\d+))?(?:/r/(?P<reply>\d+))?")
_STORY = re.compile(r"stories/(?P<user>[\w.]{1,40})/(?P<post>\d+)")
_TALK = re.compile(r"direct/t/(?P<thread>\d+)")
_OWN = re.compile(
    r"(?:accounts|direct|explore|emails?|_n|_u|about|legal|help|settings|stories|web|download|privacy|terms|n|nd)(?:/.*)?"
)
_USER = re.compile(r"(?:_u/|_n/user\?username=)?(?P<user>[\w.]{1,40})")
_CODES = re.compile(r"ig_\w*(?:verify|recover|login|password|security|confirm|code|checkpoint)\w*")


def target(href: str) -> Target:
    """Read a link as Instagram sends it."""
    url = unwrap_url(href)
    host = host_of(url)
    if host != "instagram.com" and not host.endswith(".instagram.com"):
        return Target("outside", canonical_url(href))
    path = unquote(parts_of(url).path).strip("/")
    if match := _POST.fullmatch(path):
        comment = match["reply"] or match["comment"] or ""
        return Target("object", f"https://www.instagram.com/p/{match['post']}/", post=match["post"], comment=comment)
    if match := _STORY.fullmatch(path):
        return Target(
            "object", f"https://www.instagram.com/stories/{match['user']}/{match['post']}/", post=match["post"]
        )
    if match := _TALK.fullmatch(path):
        return Target("talk", f"https://www.instagram.com/direct/t/{match['thread']}/", thread=match["thread"])
    match = _USER.fullmatch(path)
    if match is None or _OWN.fullmatch(path):
        return Target("own")
    return Target("person", f"https://www.instagram.com/{match['user']}/")


_LINKS = NetworkLinks(target, lambda image: "/t51.2885-19/" in image)


class InstagramParser:
    """Reads what Instagram sends about an account."""

    manifest: ClassVar[Manifest] = Manifest(
        name="instagram",
        version="2",
        title="Instagram",
        evidence="assumed",
        domains=_DOMAINS,
        trust="require",
        guarded_names=frozenset({"instagram"}),
    )
    Config: ClassVar[type[NoConfig]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("sender", Strength.SENDER, senders=_DOMAINS),)

    def __init__(self, config: NoConfig | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the interests of one mail; see `Parser`."""
        event = mail.headers.get("X-Facebook-Notify").partition(";")[0].strip()
        if _CODES.fullmatch(event) or mail.sender.email.startswith("security@"):
            return Ignored("login_code")
        reason = "digest" if "recap" in mail.sender.email else noise_in(mail.subject)
        if reason:
            return ignored_unless_told(mail, "instagram", _LINKS, reason)
        return read_social(mail, "instagram", _LINKS)
