"""Comments and reviews on the company's own site, told by an engine that no other parser knows.

Only the wish to be read is common to these mails: a program of the site writes who commented, the words, and where they
stand. What has labels ("Author: …") is a form's; what leads to somebody else's site is none of ours.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Interest,
    Mail,
    Manifest,
    NetworkLinks,
    NoConfig,
    Notice,
    ParseError,
    Product,
    Refs,
    Reply,
    Route,
    Strength,
    Target,
    TemplateChanged,
    actors_in,
    canonical_url,
    deed_in,
    host_of,
    html_lines,
    is_robot,
    language_of,
    make_interest,
    paragraphs,
    read_mail_notice,
    stars_in,
    text_lines,
)
from mailbridge.sdk.deeds import is_name
from mailbridge.sdk.phrases import is_position

_AT_COMMENT = re.compile(
    r"(?:comment|reply|review|c|r|answer|kommentar|otzyv)s?[-_/=]?(?P<id>\d[\w-]*|[0-9a-f]{8,40})", re.IGNORECASE
)
_OF_ENGINE = re.compile(
    r"(?:(?P<remark42>remark42__comment-)|(?P<ghost>ghost-comments(?:-root)?)|(?P<commento>commento-)"
    r"|(?P<comentario>comentario-)|(?P<hyvor>ht-comment-id=)|(?P<cusdis>cusdis-))(?P<id>[\w-]*)"
)
"""What only one engine puts behind the address of a page; it stands on whatever site shows the comments."""
_ACTS = re.compile(
    r"(?:^|[/_?&=-])(?:approve|delete|trash|spam|moderat\w*|publish|reject|ban|unsubscribe|subscriptions?|settings"
    r"|preferences|admin|account|login|otpis\w*)(?:[/_?&=-]|$)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?P<handle>@)?(?P<name>[^()<>\n·•|→]{2,60}?)(?:\s{1,3}[(<]\S{1,64}@\S{1,80}[)>])?(?:\s{0,3}[·•|→].{0,60}|\s{1,3}\d.{3,30})?$"
)
_STAMPED = re.compile(
    r"(?:.{0,80}[·•|]\s*)?(?:\d{1,2}[ ./-][\w./-]{1,12}[ ./-]\d{2,4}|[^\W\d_]{3,12}\.? \d{1,2}, \d{4})(?:\W.{0,20})?"
)
_LABELLED = re.compile(
    r"^\s*(?:author|name|user|e-?mail|phone|автор|имя|фио|телефон|почта|эл\. ?почта|пользователь)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_TITLE = re.compile(r"[«“\"](?P<title>[^«»“”\"]{1,200})[»”\"]")
_KINDS = frozenset({"comment", "review"})


def target(href: str) -> Target:
    """Read a link: to a comment, to something that acts for the owner, to anything else."""
    url = canonical_url(href)
    try:
        parts = urlsplit(url)
    except ValueError:
        return Target("outside")
    if _ACTS.search(f"{parts.path}?{parts.query}"):
        return Target("own")
    match = _AT_COMMENT.fullmatch(unquote(parts.fragment)) or _AT_COMMENT.fullmatch(parts.query)
    engine = _OF_ENGINE.fullmatch(unquote(parts.fragment)) or _OF_ENGINE.fullmatch(parts.query)
    if engine:
        return Target("object", url, comment=engine["id"], owner=host_of(url), hint=engine.lastgroup or "")
    if match is None and not parts.fragment:
        match = _AT_COMMENT.fullmatch("/".join(parts.path.rstrip("/").split("/")[-2:]))
    return Target("object", url, comment=match["id"], owner=host_of(url)) if match else Target("outside", url)


_LINKS = NetworkLinks(target, lambda image: "avatar" in image)


def _is_ours(mail: Mail) -> bool:
    if not is_robot(mail.sender.email) or not _announced(mail):
        return False
    own = {address.domain.removeprefix("www.") for address in mail.recipients}
    if not any(one.hint or _within(one.owner, own) for one in _comments(mail)):
        return False
    notice = _notice(mail)
    return bool(_author(mail, notice).name) and not _LABELLED.match(notice.text)


@lru_cache(maxsize=2)
def _notice(mail: Mail) -> Notice:
    """What is read; the name stands below the headline where a known engine names nobody ("Someone commented").

    Cached: routing asks for the same mail that is parsed next.
    """
    notice = read_mail_notice(mail, _LINKS)
    if _author(mail, notice).name or not any(one.hint for one in _comments(mail)):
        return notice
    lines = [line for line in html_lines(mail.html_source) or text_lines(mail.text) if len(line.text) > 1]
    at = next((at for at, line in enumerate(lines[:6]) if (name := _NAMED.match(line.text)) and _is_person(name)), None)
    if at is None:
        return notice
    below = lines[at + 1 :]
    end = next(
        (at for at, line in enumerate(below) if any(target(run.href).role != "outside" for run in line.links)), 0
    )
    name = _NAMED.match(lines[at].text)
    words = [line.text for line in below[:end] if not _STAMPED.fullmatch(line.text)]
    said = paragraphs("\n".join(words[1:] if len(words) > 1 and is_position(words[0]) else words))
    return replace(notice, actors=(Author(name=name["name"] if name else None),), text=said)


def _is_person(name: re.Match[str]) -> bool:
    return is_name(name["name"]) or name["handle"] is not None


def _announced(mail: Mail) -> bool:
    deed = deed_in(mail.subject)
    return deed is not None and deed.kind in _KINDS


def _within(host: str, domains: set[str]) -> bool:
    return any(host == own or host.endswith("." + own) for own in domains if own)


@lru_cache(maxsize=2)
def _comments(mail: Mail) -> Sequence[Target]:
    lines = [*html_lines(mail.html_source), *text_lines(mail.text)]
    targets = (target(run.href) for line in lines for run in line.runs if run.href)
    return [one for one in targets if one.role == "object"]


class CommentsParser:
    """Reads what the company's site tells about comments, whatever made the site."""

    manifest: ClassVar[Manifest] = Manifest(
        name="comments", title="Comments of any engine", evidence="assumed", docs="docs/parsers/assumed.md"
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("own-comment-link", Strength.LINK, match=_is_ours),)

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest]:
        """Return the one comment of a mail; see `Parser`."""
        notice = _notice(mail)
        deed = notice.deed or deed_in(mail.subject)
        places = _comments(mail)
        if deed is None or deed.kind not in _KINDS or not places:
            raise ParseError("unknown_event", f"subject {mail.subject[:100]!r}")
        author = _author(mail, notice)
        if not author.name or not notice.text:
            raise TemplateChanged("no_author" if notice.text else "no_text", f"subject {mail.subject[:100]!r}")
        rating, text = stars_in(notice.text) if deed.kind == "review" else (None, notice.text)
        place = places[0]
        page = place.url.partition("#")[0]
        title = _TITLE.search(notice.headline) or _TITLE.search(mail.subject)
        is_review = deed.kind == "review"
        return [
            make_interest(
                mail,
                kind=deed.kind,
                channel="review" if is_review else "site",
                network="site",
                key=("comment", place.owner, place.comment) if place.comment else None,
                url=page,
                title=title["title"] if title else None,
                author=author,
                text=text,
                rating=rating,
                product=Product(name=title["title"] if title and is_review else None),
                reply=Reply(method="link", target=place.url),
                refs=Refs(comment=place.comment or None),
                language=language_of(text),
            )
        ]


def _author(mail: Mail, notice: Notice) -> Author:
    names = [actor.name for actor in notice.actors if actor.name] or actors_in(mail.subject)
    return Author(name=names[0] if names else None)
