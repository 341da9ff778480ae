"""Odnoklassniki: comments, classes, gifts, messages and follows of profiles and groups.

Every link carries `landref=m.MAIL.PART`: MAIL is the type of the mail, the same in every language. The words like,
share and comment in PART name buttons, never events.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from mailbridge.sdk import (
    Author,
    Ignored,
    Interest,
    Kind,
    Line,
    Mail,
    Manifest,
    NetworkLinks,
    NoConfig,
    Notice,
    ParseError,
    Route,
    Strength,
    Target,
    TemplateChanged,
    actors_in,
    canonical_url,
    deed_in,
    host_of,
    html_lines,
    ignored_unless_told,
    noise_in,
    parts_of,
    query_of,
    read_counted,
    read_mail_notice,
    social_interests,
    stars_in,
    text_lines,
    unwrap_url,
)

_HOSTS = ("ok.ru", "odnoklassniki.ru")
_DOMAINS = ("odnoklassniki.ru", "ok.ru", "mail.ok.ru")
_OBJECT = re.compile(
    r"(?:profile|group)/(?P<owner>\d+)/(?:pphoto|statuses|topic|album/\d+|photo|video|note|gifts?|products?|product)/(?P<post>\d+)"
    r"|(?P<slug>[\w.-]+)/(?:topic|album/\d+|product)/(?P<slug_post>\d+)|(?:video|live|product|discussions/[\d/]+?)/(?P<bare>\d+)(?:/.*)?"
)
_TALK = re.compile(r"messages/(?P<thread>[\w:.-]+)")
_PERSON = re.compile(r"profile/(?P<user>\d+)(?:/(?:friends|photos|statuses|main|about|info))?")
_GROUP = re.compile(r"group/(?P<group>\d+)(?:/(?:topics|members|photos|products|album))?|group/[\w.-]+")
_OWN = re.compile(
    r"(?:settings|notifications|gifts?|feed|messages|discussions|friends|guests|groups?|help|regulations|dk|apps?|games?|app|login|password"
    r"|restore|web-api|marks|bookmarks|online|music|videos?|events|payments?|promo|search|cdk|profile|conversations|video|live|product|st)"
    r"(?:[/.].*)?"
)
_SLUG = re.compile(r"[a-z][\w.-]{2,60}")
_AVATAR_PART = re.compile(r"cid:avatar-(?P<user>\d+)")
_PORTRAIT = re.compile(
    r"(?:mycdn\.me|okcdn\.ru|odnoklassniki\.ru)/(?:image|i\?|get(?:Image|UserPhoto)|res/stub)|cid:avatar", re.IGNORECASE
)
_DIGESTS = frozenset({"feeddigest", "digest", "discussiondigest", "weeklydigest", "retention", "comeback"})
_ADVICE = frozenset({"pymk", "recommend", "recommendation", "recommendations", "maybefriends", "groupsuggest"})
_TYPES: dict[str, Kind] = {"pr": "like"}  # a gift
_UNSEEN: tuple[Kind, ...] = (
    "comment", "repost", "mention", "review", "follow", "message", "order", "request", "callback", "registration",
    "visit", "post",
)  # fmt: skip
"""Captured are digests and a gift."""


def target(href: str) -> Target:
    """Read a link as Odnoklassniki sends it; trackers and everything else in the query are dropped."""
    url = unwrap_url(href)
    host = host_of(url).removeprefix("m.")
    if not any(host == own or host.endswith("." + own) for own in _HOSTS):
        return Target("outside", canonical_url(href))
    path = parts_of(url).path.strip("/")
    if host not in _HOSTS or not path:
        return Target("own")
    return _classified(path, canonical_url(f"https://ok.ru/{path}", keep=lambda _: False))


def _classified(path: str, url: str) -> Target:
    if match := _OBJECT.fullmatch(path):
        return Target(
            "object", url, post=match["post"] or match["slug_post"] or match["bare"], owner=match["owner"] or ""
        )
    if match := _TALK.fullmatch(path):
        return Target("talk", url, thread=match["thread"])
    if match := _PERSON.fullmatch(path):
        return Target("person", _profile(match["user"]))
    if _GROUP.fullmatch(path):
        return Target("place", url)
    return Target("place" if _SLUG.fullmatch(path) and not _OWN.fullmatch(path) else "own", url)


def _profile(user: str) -> str:
    return f"https://ok.ru/profile/{user}"


_LINKS = NetworkLinks(target, lambda image: bool(_PORTRAIT.search(image)))


class OkParser:
    """Reads what Odnoklassniki sends about a profile or a group."""

    manifest: ClassVar[Manifest] = Manifest(
        name="ok",
        version="2",
        title="Odnoklassniki",
        evidence="real",
        domains=_DOMAINS,
        trust="require",
        evidence_for=dict.fromkeys(_UNSEEN, "assumed"),
        guarded_names=frozenset({"одноклассники", "odnoklassniki", "odnoklassniki.ru", "ok.ru"}),
    )
    Config: ClassVar[type[NoConfig]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("sender", Strength.SENDER, senders=_DOMAINS),)

    def __init__(self, config: NoConfig | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the interests of one mail; see `Parser`."""
        lines = [*html_lines(mail.html_source), *text_lines(mail.text)]
        event = _event_type(lines)
        if event in _DIGESTS:
            return Ignored("digest")
        reason = "recommendation" if event in _ADVICE else noise_in(mail.subject)
        if reason:
            return ignored_unless_told(mail, "ok", _LINKS, reason)
        if several := read_counted(mail, "ok", _LINKS):
            return several
        notice = read_mail_notice(mail, _LINKS)
        deed = notice.deed or deed_in(mail.subject)
        kind = _TYPES.get(event) or (deed.kind if deed else None)
        actors = _actors(mail, notice, lines)
        if kind is None:
            raise ParseError("unknown_event", f"type {event!r}, subject {mail.subject[:100]!r}")
        if not actors:
            raise TemplateChanged("no_author", f"{kind}, type {event!r}")
        rating, text = stars_in(notice.text) if kind == "review" else (None, notice.text)
        return social_interests(
            mail,
            "ok",
            kind,
            actors,
            text=text,
            rating=rating,
            target=notice.target,
            when=notice.when,
            title=notice.place,
            place_url=notice.place_url,
            product=notice.product,
            language=deed.language if deed else None,
        )


def _event_type(lines: Sequence[Line]) -> str:
    """MAIL of `landref=m.MAIL.PART`; the template's first link has it, before any word of a stranger."""
    for line in lines:
        for run in line.runs:
            name = query_of(run.href).get("landref", "") if "landref=" in run.href else ""
            if name.startswith("m.") and target(run.href).role != "outside":
                return name.split(".")[1].lower()
    return ""


def _actors(mail: Mail, notice: Notice, lines: Sequence[Line]) -> tuple[Author, ...]:
    """Who did it; older layouts tell the profile only by the Content-ID of the portrait."""
    actors = notice.actors or tuple(Author(name=name) for name in actors_in(mail.subject))
    if len(actors) != 1 or actors[0].url:
        return actors
    shown = [match for line in lines for run in line.runs if (match := _AVATAR_PART.fullmatch(run.image))]
    if not shown:
        return actors
    return (actors[0].model_copy(update={"url": _profile(shown[0]["user"]), "photo_url": shown[0].string}),)
