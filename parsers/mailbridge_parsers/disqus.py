"""Disqus: comments and replies, as told to moderators and to those who were answered.

Sender, links and the address for answers are known from a parser that somebody runs; the words are read without a
template. An answer to `notify-…@disqus.net` would be published in the name of the mailbox's owner, so it is never
where one answers.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Ignored,
    Interest,
    Line,
    Mail,
    Manifest,
    NetworkLinks,
    NoConfig,
    ParseError,
    Refs,
    Reply,
    Route,
    Strength,
    Target,
    TemplateChanged,
    canonical_url,
    emails_in,
    host_of,
    language_of,
    make_interest,
    noise_in,
    paragraphs,
    parts_of,
    person_name,
    plain_text,
    read_mail_notice,
    read_notice,
    text_lines,
    unwrap_url,
)
from mailbridge.sdk.lines import html_lines

_DOMAINS = ("disqus.net", "disqus.com")
_COMMENT = re.compile(r"comment-(?P<id>\d+)(?::.*)?")
_PROFILE = re.compile(r"by/[\w.-]+/?")
_WROTE = re.compile(
    r"(?P<name>\S.{0,80}?)(?:\s+\((?:guest|гость|anonymous)\))?\s+(?:wrote|replied|commented|написал\w*|ответил\w*|прокомментировал\w*)\b[^\n]{0,120}:\s*",
    re.IGNORECASE,
)
_AUTHOR = re.compile(r"(?:author|автор|name|имя)\s*:\s*(?P<name>\S.*)", re.IGNORECASE)
_LABEL = re.compile(r"[^\W\d_][^:]{0,30}:\s*(?P<value>.*)")
_END = re.compile(
    r"-{3,}\s*|={3,}\s*|(?:moderate|view|reply|read|options|approve|delete|spam|ответить|посмотреть)\b.*", re.IGNORECASE
)
_BELOW = re.compile(
    r"(?:user's (?:website|url)|email address|ip address|link to comment)\s*:\s*(?P<value>.*)", re.IGNORECASE
)
_SURELY_BELOW = re.compile(r"user's (?:website|url)|ip address", re.IGNORECASE)
"""What the mail tells of who wrote, between the words and the template's links."""
_TITLE = re.compile(r"(?:comment|reply|комментари\w+|ответ)\s+(?:\w+\s+)?(?:on|к|на)\s+(?P<title>.+)$", re.IGNORECASE)
_DIGEST = re.compile(r"digest|popular|trending|top (?:comments|discussions)|this week|дайджест", re.IGNORECASE)


def target(href: str) -> Target:
    """Read a link as Disqus sends it; the hash behind a comment's number acts for the recipient."""
    url = unwrap_url(href)
    if any(host_of(url) == own or host_of(url).endswith("." + own) for own in _DOMAINS):
        path = parts_of(url).path.lstrip("/")
        is_profile = _PROFILE.fullmatch(path) is not None
        return Target("person", canonical_url(f"https://disqus.com/{path}")) if is_profile else Target("own")
    match = _COMMENT.fullmatch(parts_of(url).fragment) if host_of(url) else None
    if match is None:
        return Target("outside", canonical_url(url))
    page = canonical_url(url.partition("#")[0])
    return Target("object", f"{page}#comment-{match['id']}", comment=match["id"], owner=page)


_LINKS = NetworkLinks(target, lambda image: "disquscdn.com/" in image and "avatar" in image)


class DisqusParser:
    """Reads what Disqus sends about one comment."""

    manifest: ClassVar[Manifest] = Manifest(
        name="disqus",
        version="3",
        title="Disqus",
        evidence="assumed",
        docs="docs/parsers/assumed.md",
        domains=_DOMAINS,
        guarded_names=frozenset({"disqus"}),
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("sender", Strength.SENDER, senders=_DOMAINS),)

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the one comment of a mail; see `Parser`."""
        if _DIGEST.search(mail.subject):
            return Ignored("digest")
        lines = [*html_lines(mail.html_source), *text_lines(mail.text)]
        found = (target(run.href) for line in lines for run in line.runs if run.href)
        place = next((one for one in found if one.role == "object"), None)
        if place is None:
            reason = noise_in(mail.subject)
            if reason:
                return Ignored(reason)
            raise ParseError("unknown_event", f"no link to a comment, subject {mail.subject[:100]!r}")
        author, text = _read(mail)
        if not author.name:
            raise TemplateChanged("no_author", f"subject {mail.subject[:100]!r}")
        title = _TITLE.search(mail.subject)
        return [
            make_interest(
                mail,
                kind="comment",
                channel="site",
                network="disqus",
                key=("comment", place.comment),
                url=place.owner,
                title=title["title"].strip(' "«»“”') if title else None,
                author=author,
                text=text,
                reply=Reply(method="link", target=place.url),
                refs=Refs(comment=place.comment),
                language=language_of(text),
            )
        ]


def _read(mail: Mail) -> tuple[Author, str]:
    """By what the HTML body links to; else by a sentence or labels, in the text part first: it has the sentence."""
    notice = read_notice(mail, html_lines(mail.html_source), _LINKS, announced=True) if mail.html else None
    if notice and notice.actors:
        return notice.actors[0], notice.text
    if linked := _linked(html_lines(mail.html_source)):
        return linked
    author, text = _by_sentence(mail)
    if not author.name:
        author, text = _from_text(text_lines(mail.text))
    return (author, text) if author.name else _from_text(html_lines(mail.html_source))


def _by_sentence(mail: Mail) -> tuple[Author, str]:
    """In another language, or with other words: by the sentence that announces a comment, as networks write it."""
    notice = read_mail_notice(mail, _LINKS)
    is_comment = notice.deed is not None and notice.deed.kind == "comment"
    return (notice.actors[0], notice.text) if is_comment and notice.actors else (Author(), "")


def _linked(lines: Sequence[Line]) -> tuple[Author, str] | None:
    """The only profile that a body links to, with the words below its line; of two one may be the answered one."""
    linked = [(at, run, target(run.href)) for at, line in enumerate(lines) for run in line.links if not run.is_address]
    people = [(at, run, to) for at, run, to in linked if to.role == "person" and person_name(run.text)]
    if len({to.url for _, _, to in people}) != 1:
        return None
    at, run, to = people[0]
    text, email = _until_end(lines[at + 1 :])
    return Author(name=person_name(run.text), url=to.url, email=email or None), text


def _from_text(lines: Sequence[Line]) -> tuple[Author, str]:
    """Who wrote what: "X wrote, in response to Y:" or labels above the words, a rule or a moderator's link below."""
    for at, line in enumerate(lines[:20]):
        wrote, labelled = _WROTE.fullmatch(line.text), _AUTHOR.fullmatch(line.text)
        if wrote:
            text, email = _until_end(lines[at + 1 :])
            return Author(name=person_name(wrote["name"]) or None, email=email or None), text
        if labelled:
            return _labelled(person_name(labelled["name"]), lines[at + 1 :])
    return Author(), ""


def _labelled(name: str, lines: Sequence[Line]) -> tuple[Author, str]:
    email = ""
    for at, line in enumerate(lines):
        label = _LABEL.fullmatch(line.text)
        if label is None:
            text, below = _until_end(lines[at:])
            return Author(name=name or None, email=email or below or None), text
        email = email or next(iter(emails_in(label["value"])), "")
    return Author(name=name or None, email=email or None), ""


def _until_end(lines: Sequence[Line]) -> tuple[str, str]:
    """The words, up to the template's first own link or rule below them; and the address that is told there."""
    until = len(lines)
    for at in reversed(range(len(lines))):
        if any(target(run.href).role in {"own", "object"} for run in lines[at].links):
            until = at
    until = _filled_end(lines, until)
    told = until
    while told and _BELOW.fullmatch(lines[told - 1].text):
        told -= 1
    about = " ".join(line.text for line in lines[told:until])
    if not _SURELY_BELOW.search(about):
        return paragraphs(plain_text(lines[:until])), ""  # an address alone may be typed by the person
    return paragraphs(plain_text(lines[: _filled_end(lines, told)])), next(iter(emails_in(about)), "")


def _filled_end(lines: Sequence[Line], until: int) -> int:
    while until and (not lines[until - 1].text or _END.fullmatch(lines[until - 1].text)):
        until -= 1
    return until
