"""Classic boards: phpBB, vBulletin, XenForo, Simple Machines Forum.

phpBB's mails are known by its templates (`language/*/email/topic_notify.txt` and its neighbours), in any language: they
show a link to the topic and one to leave it, and perhaps who wrote, but never the words. The others are told by their
scripts; their words are read where a line above or rules around them set them off.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Interest,
    Kind,
    Line,
    Mail,
    Manifest,
    NoConfig,
    ParseError,
    Refs,
    Reply,
    Route,
    Strength,
    canonical_url,
    html_lines,
    language_of,
    make_interest,
    paragraphs,
    person_name,
    text_lines,
)
from mailbridge.sdk.links import parts_of, query_of
from mailbridge.sdk.names import is_name

_LEAVES = re.compile(
    r"view(?:topic|forum)\.php\?\S{0,200}unwatch=|ucp\.php\?i=(?:pm|ucp_notifications)\b"
    r"|subscription\.php\?(?:do=|\S{0,80}&(?:amp;)?do=)removesubscription|private\.php\?do=showpm"
    r"|action=(?:notify|notifyboard|unwatch)\w*;(?:topic|board)=|action=pm\b|/(?:watched/(?:threads|forums)|email-stop)\b"
)
"""What only such a mail links to: out of a topic that one watches, or into one's own messages."""
_SCRIPTS = ("viewtopic.php", "viewforum.php", "ucp.php", "showthread.php", "private.php", "action=", "/threads/")
_TOPIC = re.compile(
    r"(?P<phpbb>/viewtopic\.php)|(?P<vbulletin>/showthread\.php)|(?P<xenforo>/threads/(?:[^/]*\.)?(?P<thread>\d+)(?:/post-(?P<post>\d+))?)"
)
_SMF = re.compile(r"topic=(?P<thread>\d+)(?:\.msg(?P<post>\d+))?")
_OWN_MESSAGES = re.compile(r"/ucp\.php\?i=pm|/private\.php\?do=showpm|[?;&]action=pm\b")
_MADE_BY = re.compile(
    r"\b(?:repl(?:y|ied)|topic|thread|message|post|comment|ответ\w*|тем[аыу]|сообщени[ея])\b[^.\n:]{0,120}?"
    r"\s(?:by|from|от(?: пользователя)?)\s(?P<quote>[\"«“])?(?P<name>[^\s\"»”«“][^\"»”«“\n,]{0,50}?)(?(quote)[\"»”])"
    r"(?=\s(?:since|to|on|in|at|с|со|на|в)\s|[.,]?$|\.\s|, )",
    re.IGNORECASE,
)
_DID = re.compile(
    r"(?:^|, )(?P<name>[^\s,.:][^,.:\n]{0,50}?) (?:has )?(?:just )?(?:replied|posted|started|created|ответил\w*"
    r"|написал\w*|создал\w*)\b[^\n]{0,80}\b(?:thread|topic|forum|message|теме|тему|форуме|сообщени)"
)
_NEW_TOPIC = re.compile(
    r"\bnew (?:topic|thread)|\bнов\w+ тем|started a (?:thread|topic)|created a (?:thread|topic)", re.IGNORECASE
)
_TITLED = re.compile(
    r"[\"«“'](?P<title>[^\"»”]{1,200})[\"»”']\s*$"
    r"|(?:thread|topic|topic reply|message|тем\w*)\s*[-–—:]\s*(?P<behind>.{1,200})$",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    r"(?:the )?(?:text|contents?) of the (?:\w+ ){0,2}(?:reply|message|topic|post)\b.{0,60}:"
    r"|(?:here is|the) message\b.{0,60}:"
    r"|текст (?:ответа|сообщения|темы)\b.{0,60}:",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"«“]([^\"«»“”]{1,200})[\"»”]")
_NICK = re.compile(r"[\w.@-]{2,40}")
_NOBODY = frozenset(
    {"you", "someone", "somebody", "it", "we", "the", "there", "this", "that", "been", "вы", "кто-то", "вам"}
)
_STARS = re.compile(r"[*=-]{8,}")
_CLOSES = re.compile(r"(?:regards|thanks|с уважением|спасибо|there may (?:also )?be other)\b|-- ?$", re.IGNORECASE)
_HEAD = 12


@dataclass(frozen=True, slots=True)
class _Place:
    url: str = ""
    network: str = ""
    thread: str = ""
    post: str = ""
    is_private: bool = False


def _is_board(mail: Mail) -> bool:
    body = f"{mail.text}\n{mail.html_source}"
    if not any(script in body for script in _SCRIPTS) or mail.headers.get("In-Reply-To").strip():
        return False
    return _LEAVES.search(body) is not None and bool(_place(_lines(mail)).url)


class BoardsParser:
    """Reads what a board tells those who watch a topic, and what was sent to them there."""

    manifest: ClassVar[Manifest] = Manifest(
        name="boards",
        title="Boards (phpBB, vBulletin, XenForo, SMF)",
        evidence="template",
        evidence_for={"vbulletin": "assumed", "xenforo": "assumed", "smf": "assumed"},
        docs="docs/parsers/comments.md",
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("board-links", Strength.SIGN, match=_is_board),)

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest]:
        """Return the one post of a mail.

        Raises:
            ParseError: "no_link": Nothing leads to the post.
        """
        lines = _lines(mail)
        place = _place(lines)
        if not place.url:
            raise ParseError("no_link", f"subject {mail.subject[:100]!r}")
        start, end = _span(lines)
        head = lines[: min(start, _HEAD)]
        text = paragraphs("\n".join(line.text for line in lines[start:end]))
        kind: Kind = "message" if place.is_private else "post" if _NEW_TOPIC.search(mail.subject) else "comment"
        return [
            make_interest(
                mail,
                kind=kind,
                channel="site",
                network=place.network,
                key=("post", parts_of(place.url).netloc, place.thread, place.post) if place.post else None,
                url=place.url,
                title=_title(mail, head, kind),
                author=Author(name=_author(head)),
                text=text or None,
                reply=Reply(method="link", target=place.url),
                refs=Refs(post=place.post or None, thread=place.thread or None),
                language=language_of(text or mail.words),
            )
        ]


def _lines(mail: Mail) -> list[Line]:
    return text_lines(mail.text) if mail.text.strip() else html_lines(mail.html_source)


def _place(lines: Sequence[Line]) -> _Place:
    """The first link to a topic, or to the message; the one that tells the post if there is one."""
    found = [place for line in lines for run in line.runs if run.href and (place := _at(run.href)).url]
    return next((place for place in found if place.post), next(iter(found), _Place()))


def _at(href: str) -> _Place:
    if "unwatch" in href or "do=removesubscription" in href or "action=notify" in href:
        return _Place()
    url = canonical_url(href, keep=lambda name: name in {"t", "f", "p", "i", "mode", "do", "pmid", "action"})
    if _OWN_MESSAGES.search(url):
        return _Place(url, _network_of(url), is_private=True)
    if smf := _SMF.search(href):
        shown = f"topic={smf['thread']}." + (f"msg{smf['post']}#msg{smf['post']}" if smf["post"] else "0")
        return _Place(f"{canonical_url(href.partition('?')[0])}?{shown}", "smf", smf["thread"], smf["post"] or "")
    url = url.removesuffix("#unread")
    match = _TOPIC.search(url)
    if match is None:
        return _Place(url, "phpbb") if "/viewforum.php" in url else _Place()
    if match["xenforo"]:
        return _Place(url, "xenforo", match["thread"], match["post"] or "")
    query = query_of(url)
    thread = query.get("t", "")
    return _Place(url, "phpbb" if match["phpbb"] else "vbulletin", thread, query.get("p", ""))


def _network_of(url: str) -> str:
    return "phpbb" if "/ucp.php" in url else "vbulletin" if "/private.php" in url else "smf"


def _author(head: Sequence[Line]) -> str | None:
    said = " ".join(line.text for line in head)
    told = (match["name"] for match in (*(_DID.search(line.text) for line in head), _MADE_BY.search(said)) if match)
    return next((person_name(name) for name in told if is_name(name) or _is_nick(name)), None)


def _is_nick(name: str) -> bool:
    return _NICK.fullmatch(name) is not None and name.casefold() not in _NOBODY


def _title(mail: Mail, head: Sequence[Line], kind: Kind) -> str | None:
    """What the subject tells in quotes or behind a dash; of a new topic it tells the forum, and the body the topic."""
    told = next((line.text for line in head if _NEW_TOPIC.search(line.text)), "") if kind == "post" else ""
    quoted = _QUOTED.findall(told)
    title = _TITLED.search(mail.subject)
    return quoted[-1] if quoted else (title["title"] or title["behind"]).strip() if title else None


def _span(lines: Sequence[Line]) -> tuple[int, int]:
    """Where the words begin and end: between rules, below a line that announces them, or below the linked title."""
    rules = [at for at, line in enumerate(lines) if _STARS.fullmatch(line.text)]
    if len(rules) > 1:
        return rules[0] + 1, rules[-1]
    start = next((at + 1 for at, line in enumerate(lines) if _ABOVE.search(line.text)), None)
    if start is None:
        start = next((at + 1 for at, line in enumerate(lines) if line.is_captions and _linked(line)), len(lines))
    end = _end(lines, start)
    last = next((at for at in reversed(range(start, end)) if lines[at].text), start)
    is_caption = end < len(lines) and lines[end].links and lines[last].text.endswith(":")
    return start, last if is_caption else end


def _linked(line: Line) -> bool:
    return any(_at(run.href).url and not run.is_address for run in line.links)


def _end(lines: Sequence[Line], start: int) -> int:
    """Where the template goes on: at the link that leaves the topic, at its last greeting, at a button."""
    leaving = (at for at in range(start, len(lines)) if any(_LEAVES.search(run.href) for run in lines[at].links))
    until = next(leaving, len(lines))
    button = (at for at in range(start, until) if lines[at].is_captions and _linked(lines[at]))
    until = next(button, until)
    greeting = (at for at in reversed(range(start, until)) if _CLOSES.match(lines[at].text))
    end = next(greeting, until)
    return end if end < len(lines) else start
