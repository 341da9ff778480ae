"""Comments of Django sites: django-contrib-comments, django-fluent-comments, django-comments-xtd.

Sources of the layouts: `CommentAbstractModel.get_as_text`, and `comment_notification_email` and
`email_followup_comment` among the templates. A mail is known by the links and marks that its program writes.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Ignored,
    Interest,
    Mail,
    Manifest,
    NoConfig,
    Precision,
    Refs,
    Reply,
    Route,
    Strength,
    TemplateChanged,
    canonical_url,
    clean,
    date_in_mail,
    host_of,
    is_email,
    language_of,
    make_interest,
    one_line,
    person_name,
)

_AT_COMMENT = re.compile(r"https?://\S+#c(?P<id>\d+)")
_ACTION = re.compile(r"https?://\S+/(?P<action>flag|delete|approve)/(?P<id>\d+)/?")
_POSTED = re.compile(
    r"(?:posted by|добавил\w*|опубликова\w+(?:\s{1,20}пользователем)?|geschrieben von|posté par|publicado por"
    r"|inviato da"
    r"|geplaatst door|додав\w*|dodane przez|postado por)\s{1,20}(?P<name>.+?)\s{0,20}"
    r"(?:\b(?:at|am|le|el|il|op|в|o|em|на)\s{1,20})?"
    r"(?P<date>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?)\.?",
    re.IGNORECASE,
)
_ENDS_WITH_DATE = re.compile(r".+\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?\.?")
_ANCHOR = re.compile(r"<a\b[^<>]*?\bhref=[\"']([^\"'<>]*)[\"'][^<>]*>((?:[^<]|<(?!/a)){0,300})</a>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_MARK = re.compile(r"-{3} [^\n-]{2,40}: -{3}")
_MUTE = re.compile(r"https?://\S*comment\S*/mute/\S+")
_OPENING = re.compile(r"[^:\n]{2,40}:")
_RULE = re.compile(r"-{2,}")
_LABEL = re.compile(r"(?P<label>[^:\n]{1,40}?)\s*:\s*(?P<value>.*)")
_QUOTED = re.compile(r"[\"“”«„](?P<title>[^\"“”«»„]+)[\"“”»]\.?\s*$")
_HEADS = 12
_FIELDS = {
    "name": frozenset({"name", "имя", "автор", "author", "posted by", "sent by", "user"}),
    "email": frozenset({"email", "e-mail", "mail", "email address", "адрес электронной почты", "эл. почта", "почта"}),
    "url": frozenset({"homepage", "url", "website", "сайт", "домашняя страница"}),
}


@dataclass(frozen=True, slots=True)
class _Comment:
    name: str
    text: str
    page: str
    title: str = ""
    number: str = ""
    link: str = ""
    email: str = ""
    website: str = ""
    when: tuple[datetime, Precision] | None = None


def _lines(mail: Mail) -> list[str]:
    return [line.rstrip() for line in clean(mail.words).split("\n")]


def _ends_at_comment(mail: Mail) -> bool:
    """Whether it is `get_as_text`: a line that ends with a moment first, the address of the comment last."""
    filled = [line for line in _lines(mail) if line.strip()]
    return len(filled) > 2 and bool(_ENDS_WITH_DATE.fullmatch(filled[0]) and _AT_COMMENT.fullmatch(filled[-1].strip()))


def _has_options(mail: Mail) -> bool:
    """Whether the same comment is linked to be seen and to be flagged or deleted."""
    hrefs = _hrefs(mail)
    shown = {match["id"] for href in hrefs if (match := _AT_COMMENT.fullmatch(href))}
    acted = {match["id"] for href in hrefs if (match := _ACTION.fullmatch(href))}
    return bool(shown & acted)


def _hrefs(mail: Mail) -> list[str]:
    return [*re.findall(r"https?://[^\s<>\"]+", mail.text), *(html.unescape(href) for href, _ in _anchors(mail))]


def _anchors(mail: Mail) -> list[tuple[str, str]]:
    """Address and caption of plain links, as the template writes them; a tree of the body would cost ten times more."""
    found = _ANCHOR.findall(mail.html_source)
    return [(href, one_line(html.unescape(_TAG.sub("", caption)))) for href, caption in found]


def _is_followup(mail: Mail) -> bool:
    lines = _lines(mail)
    return sum("://" in line for line in lines[: _mark_at(lines)]) == 1


def _mark_at(lines: list[str]) -> int:
    """The line above the words: "--- Comment: ---", later a mere label, with a link that mutes far below."""
    ruled = next((at for at, line in enumerate(lines) if _MARK.fullmatch(line)), 0)
    if ruled or not any(_MUTE.search(line) for line in lines):
        return ruled
    first_link = next(at for at, line in enumerate(lines) if "://" in line)
    return next((at for at, line in enumerate(lines) if at > first_link and _OPENING.fullmatch(line)), 0)


class DjangoCommentsParser:
    """Reads what Django's comment applications tell the staff and those who follow a discussion."""

    manifest: ClassVar[Manifest] = Manifest(
        name="django_comments", title="Django comments", evidence="template", docs="docs/parsers/comments.md"
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("comment-as-text", Strength.SIGN, match=_ends_at_comment),
        Route("comment-options", Strength.SIGN, match=_has_options),
        Route("follow-up", Strength.SIGN, match=_is_followup),
    )

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the one comment of a mail."""
        if _has_options(mail):
            found = _with_options(mail)
        else:
            found = _as_text(mail) if _ends_at_comment(mail) else _followup(mail)
        if not found.text:
            raise TemplateChanged("no_text")
        return [_interest(mail, found)]


def _as_text(mail: Mail) -> _Comment:
    first, *rest = clean(mail.words).split("\n")
    posted = _POSTED.fullmatch(first.strip())
    if posted is None:
        raise TemplateChanged("no_author", "the first line names nobody in a language that is known")
    body = clean("\n".join(rest))
    text, _, link = body.rpartition("\n")
    number = _AT_COMMENT.fullmatch(link.strip())
    return _Comment(
        name=posted["name"],
        text=clean(text),
        page=link.partition("#")[0],
        title=_title(mail.subject),
        number=number["id"] if number else "",
        link=link,
        when=date_in_mail(posted["date"].replace(" ", "T", 1), mail) or date_in_mail(posted["date"], mail),
    )


def _with_options(mail: Mail) -> _Comment:
    """The labels stand above the words, once; the options below them begin with a rule or a sentence."""
    lines = _lines(mail)
    hrefs = _hrefs(mail)
    acted = {match["id"] for href in hrefs if (match := _ACTION.fullmatch(href))}
    shown = [match for href in hrefs if (match := _AT_COMMENT.fullmatch(href)) and match["id"] in acted]
    start = next((at for at, line in enumerate(lines) if at and _opens_text(line.strip())), None)
    if start is None:
        raise TemplateChanged("no_text")
    known = _labels(lines[:start])
    link = shown[-1].group()
    above = [href for href in hrefs if host_of(href) == host_of(link) and not _ACTION.fullmatch(href)]
    return _Comment(
        name=known.get("name", ""),
        text=clean("\n".join(lines[start + 1 : _options_at(mail, lines, start)])),
        page=next((href for href in above if "#" not in href), link.partition("#")[0]),
        title=_title(mail.subject) or _title(lines[0]),
        number=shown[-1]["id"],
        link=link,
        email=known.get("email", ""),
        website=known.get("url", ""),
    )


def _is_option(line: str) -> bool:
    return bool(_ACTION.search(line) or _AT_COMMENT.search(line))


def _is_below(line: str, captions: set[str]) -> bool:
    return not line or line in captions or _is_option(line)


def _opens_text(line: str) -> bool:
    """Whether it is the label above the words, not one of a field that was left empty."""
    match = _LABEL.fullmatch(line)
    return bool(match and not match["value"]) and not _meaning(line)


def _meaning(line: str) -> str:
    label = line.partition(":")[0].strip().casefold()
    return next((one for one, names in _FIELDS.items() if label in names), "")


def _options_at(mail: Mail, lines: list[str], start: int) -> int:
    """Where the last block of lines begins: captions of the options, or their addresses; and the sentence above."""
    captions = {caption for href, caption in _anchors(mail) if _is_option(html.unescape(href))}
    at = len(lines)
    while at > start + 1 and _is_below(lines[at - 1].strip(), captions):
        at -= 1
    above = [number for number in range(start + 1, at) if lines[number].strip()]
    end = above[-1] if above else at
    ruled = [number for number in above if re.fullmatch(r"-{3,}", lines[number].strip())]
    return ruled[-1] if ruled and ruled[-1] >= end - 1 else end


def _labels(lines: list[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for line in lines[:_HEADS]:
        if meaning := _meaning(line):
            known.setdefault(meaning, line.partition(":")[2].strip())
    return known


def _followup(mail: Mail) -> _Comment:
    lines = _lines(mail)
    mark = _mark_at(lines)
    head = [match for line in lines[:mark] if (match := _LABEL.fullmatch(line.strip()))]
    at_url = next((at for at, match in enumerate(head) if "://" in match["value"]), None)
    if at_url is None or at_url + 1 >= len(head):
        raise TemplateChanged("no_author")
    end = next((at for at in reversed(range(mark, len(lines))) if _RULE.fullmatch(lines[at].strip())), len(lines))
    name, _, date = head[at_url + 1]["value"].rpartition(", ")
    return _Comment(
        name=name,
        text=clean("\n".join(lines[mark + 1 : end])),
        page=head[at_url]["value"],
        title=head[at_url - 1]["value"] if at_url else "",
        when=date_in_mail(date, mail),
    )


def _title(said: str) -> str:
    match = _QUOTED.search(said)
    return match["title"].strip() if match else ""


def _interest(mail: Mail, found: _Comment) -> Interest:
    page, link = canonical_url(found.page), canonical_url(found.link)
    email = found.email.lower()
    return make_interest(
        mail,
        kind="comment",
        channel="site",
        network="django_comments",
        key=("comment", host_of(page), found.number) if found.number and host_of(page) else None,
        url=page or None,
        title=found.title or None,
        when=found.when,
        author=Author(
            name=person_name(found.name) or None,
            email=email if is_email(email) else None,
            url=canonical_url(found.website) or None,
        ),
        text=found.text,
        reply=Reply(method="link", target=link or page) if link or page else Reply(),
        refs=Refs(comment=found.number),
        language=language_of(found.text),
    )
