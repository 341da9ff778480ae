"""LinkedIn: comments, reactions, mentions, invitations and messages; `X-LinkedIn-Template` names the event.

Only headers and one newsletter of real mails are known, so the words are read without a template.
"""

import re
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import unquote

from mailbridge.sdk import (
    Ignored,
    Interest,
    Kind,
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
    read_social,
    unwrap_url,
)

_DOMAINS = ("linkedin.com",)
_POST = re.compile(r"(?:feed/update|posts|pulse)/(?P<post>[^/]+)")
_TALK = re.compile(r"messaging/(?:thread|compose)/(?P<thread>[^/]+)")
_PERSON = re.compile(r"in/[^/]+")
_PLACE = re.compile(r"(?:company|school|showcase|groups)/[^/]+")
_NOISE: tuple[tuple[str, str], ...] = (
    (
        "newsletter",
        r"editorial|news|newsletter|top_conversations|trending|promo|marketing|learning|premium|event_reminder",
    ),
    ("digest", r"digest|weekly|summary|notification_digest|missed|search_appearance|profile_views?"),
    ("recommendation", r"pymk|suggest\w*|recommend\w*|jobs?|job_alert\w*|people_follow|network_conversations|grow"),
    ("security", r"security|pin|password|login|verif\w*|two_step|signin|checkpoint"),
    ("birthday", r"birthday|anniversary|work_anniversary|celebrat\w*"),
)
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("message", r"inmail\w*|messag\w*|hit_reply"),
    ("mention", r"mention\w*|tagged"),
    ("comment", r"comment\w*|reply|replies"),
    ("like", r"like\w*|reaction\w*|react"),
    ("repost", r"reshare\w*|repost\w*|share_of"),
    ("follow", r"invitation\w*|invite\w*|connection\w*|follow\w*|accept\w*"),
)


_CLASSES: dict[str, Kind] = {
    "INMAIL": "message",
    "MBR-TO-MBR": "message",
    "INVITE-MBR": "follow",
    "INVITE-GUEST": "follow",
}
"""`X-LinkedIn-Class` of mails without a template's name, as third parties report it."""
_NOISY_SENDERS = {
    "jobs-noreply": "recommendation",
    "jobalerts-noreply": "recommendation",
    "editors-noreply": "newsletter",
    "newsletters-noreply": "newsletter",
    "security-noreply": "security",
}
"""What they send where neither template nor subject tells of an event."""


def target(href: str) -> Target:
    """Read a link as LinkedIn sends it: without /comm and the whole query."""
    url = unwrap_url(href)
    host = host_of(url)
    if host != "linkedin.com" and not host.endswith(".linkedin.com"):
        return Target("outside", canonical_url(href))
    path = unquote(parts_of(url).path).strip("/").removeprefix("comm/")
    shown = canonical_url(f"https://www.linkedin.com/{path}", keep=lambda _: False)
    if match := _POST.fullmatch(path):
        return Target("object", shown, post=match["post"])
    if match := _TALK.fullmatch(path):
        return Target("talk", shown, thread=match["thread"])
    if _PERSON.fullmatch(path):
        return Target("person", shown)
    return Target("place", shown) if _PLACE.fullmatch(path) else Target("own")


_LINKS = NetworkLinks(target, lambda image: "/profile-displayphoto" in image, shows_position=True)


def _named(template: str, words: str) -> bool:
    return re.search(rf"(?:^|_)(?:{words})(?:_|$)", template) is not None


class LinkedinParser:
    """Reads what LinkedIn sends about a profile or a company page."""

    manifest: ClassVar[Manifest] = Manifest(
        name="linkedin",
        version="3",
        title="LinkedIn",
        evidence="assumed",
        domains=_DOMAINS,
        trust="require",
        guarded_names=frozenset({"linkedin", "linkedin news", "linkedin notifications"}),
    )
    Config: ClassVar[type[NoConfig]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("sender", Strength.SENDER, senders=_DOMAINS),)

    def __init__(self, config: NoConfig | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the interests of one mail; see `Parser`."""
        template = mail.headers.get("X-LinkedIn-Template").strip().lower().removeprefix("email_")
        reason = next((reason for reason, words in _NOISE if _named(template, words)), None) or noise_in(mail.subject)
        if reason and not (reason == "digest" and _tells_one_message(mail, template)):
            return ignored_unless_told(mail, "linkedin", _LINKS, reason)
        mail_class = mail.headers.get("X-LinkedIn-Class").strip().upper()
        kind = next((kind for kind, words in _KINDS if _named(template, words)), None) or _CLASSES.get(mail_class)
        noisy = _NOISY_SENDERS.get(mail.sender.email.partition("@")[0])
        noisy = "recommendation" if mail_class == "SAVEDSEARCH" else noisy
        if noisy and kind is None and deed_in(mail.subject) is None:
            return Ignored(noisy)
        return read_social(mail, "linkedin", _LINKS, kind=kind)


def _tells_one_message(mail: Mail, template: str) -> bool:
    """LinkedIn calls the mail about one new message a digest of messaging too: the subject says what it is."""
    deed = deed_in(mail.subject)
    return _named(template, r"messag\w*") and deed is not None and deed.kind == "message" and not noise_in(mail.subject)
