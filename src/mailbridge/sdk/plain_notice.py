"""A notification of a network that came as plain text only, read without knowing its template."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailbridge.sdk.dates import date_in_mail, date_shown
from mailbridge.sdk.deeds import actors_in, deed_in, said_in
from mailbridge.sdk.interest import Author, Precision
from mailbridge.sdk.lines import Line, html_lines, plain_text, text_lines
from mailbridge.sdk.mail import Mail
from mailbridge.sdk.names import is_name
from mailbridge.sdk.nominative import with_nominatives
from mailbridge.sdk.notice import read_notice
from mailbridge.sdk.notification import Notice
from mailbridge.sdk.people import person_name
from mailbridge.sdk.phrases import agrees, is_footer, is_greeting, is_position, unquoted
from mailbridge.sdk.targets import NetworkLinks, Role, Target
from mailbridge.sdk.text import fold, paragraphs

_FAR = 30
_CAPTION = re.compile(
    r"[^:]{1,58}:|[^«»]{1,38}\s[»→›]"
    r"|(?:Reply|View|See|Open|Read)(?:\s+(?:the\s+)?(?:comment|post|message|more|on\s\w+|all))?"
    r"|(?:Ответить|Посмотреть|Открыть|Читать|Перейти)(?:\s+(?:комментарий|запись|сообщение|дал(?:ее|ьше)|полностью|на\s\w+))?"
)
"""What a button of the HTML body leaves in plain text: "View comment:", "Read more »", "Reply"."""
_ABOUT = frozenset({"object", "talk"})
"""Where a link leads that the mail is about."""
_HANDLE = re.compile(r"@\w{1,40}")
_VIA = re.compile(r"(?P<name>\S.{1,80}?)\s+(?:via|through|через|über|tramite|par)\s+\S.{1,40}", re.IGNORECASE)
_FOOTER = re.compile(
    r"--\s*$|[-_=*]{5,}\s*$|(?:[\w.]{1,20}\s){0,3}(?:©|\(c\))(?:\s*\d{4}|\s*[^\W\d])"
    r"|(?:с уважением|вы получили это|это письмо|вы можете (?:изменить|отписаться)|чтобы (?:отписаться|не получать)"
    r"|you (?:received|are receiving) this|this (?:message|email) was sent|to (?:unsubscribe|stop receiving))",
    re.IGNORECASE,
)


def read_mail_notice(mail: Mail, links: NetworkLinks, *, announced: bool = False) -> Notice:
    """Read both parts of a mail: the HTML body, and the text part where that one says nothing or only the beginning."""
    notice = _read_both(mail, links, announced=announced)
    first, _, words = notice.text.partition("\n")
    is_title = fold(first) == fold(mail.subject) and bool(words.strip())
    return with_nominatives(replace(notice, text=words.strip()) if is_title else notice, mail.subject)


def _read_both(mail: Mail, links: NetworkLinks, *, announced: bool) -> Notice:
    html = read_notice(mail, html_lines(mail.html_source), links, announced=announced) if mail.html else Notice()
    plain = Notice()
    if mail.text.strip():
        plain = read_plain_notice(mail, text_lines(mail.text), links, announced=announced)
    if not html.headline:
        return _without_position(plain, mail) if links.shows_position else plain
    if links.shows_position and plain.text and html.text.endswith("\n" + plain.text):
        return replace(html, text=plain.text)  # the position stands between name and words
    if links.shows_position:
        html = _without_position(html, mail)
    if not html.text and html.deed and plain.deed and html.deed.kind == plain.deed.kind:
        return replace(html, text=(_without_position(plain, mail) if links.shows_position else plain).text)
    begun = html.text.rstrip(".… ")
    is_cut = html.is_cut or html.text.endswith(("…", "..."))
    return replace(html, text=plain.text, is_cut=False) if is_cut and plain.text.startswith(begun) else html


def _without_position(notice: Notice, mail: Mail) -> Notice:
    """Drop what the person works as from above the words, and the date below it."""
    first, _, words = notice.text.partition("\n")
    if not words.strip() or not is_position(first):
        return notice
    second, _, below = words.strip().partition("\n")
    when = date_in_mail(second, mail) if below.strip() else None
    return replace(notice, text=(below if when else words).strip(), when=notice.when or when)


def read_plain_notice(mail: Mail, lines: Sequence[Line], links: NetworkLinks, *, announced: bool = False) -> Notice:
    """Read the lines of a text part.

    The template's links stand after the person's words, so the last one to an object counts, and only the headline
    may link to the author.

    Args:
        mail: The mail.
        lines: Its lines.
        links: The network's addresses.
        announced: The event is known from a sign beside the words, which need not tell it.
    """
    at = _headline_at(mail, lines)
    headline = _said(lines[at]) if at is not None else mail.subject
    deed = deed_in(headline)
    if deed is None and not announced:
        return Notice()
    start = _start(lines) if at is None else at + 1
    end, target = _tail(lines, start, links)
    stamped, when = _stamp(mail, lines, start)
    words = [line for at, line in enumerate(lines[start:end], start) if at != stamped]
    names = actors_in(headline) or actors_in(mail.subject) or sent_by(mail)
    words = words[_author_lines(words, names, links) :]
    return Notice(
        headline=headline,
        deed=deed,
        actors=_actors(lines[at] if at is not None else Line(()), headline, links),
        text=_words(paragraphs(plain_text(words)), said_in(headline, deed)),
        when=when,
        target=_linked(lines[at], links) or target if at is not None else target,
    )


def _words(below: str, quoted: str) -> str:
    """The words below the headline, or those that it quotes: then only captions stand below, unless it cuts them."""
    said = unquoted(quoted)
    return said if said != quoted and not below.startswith(said.rstrip(".… ")) else unquoted(below) or said


def _stamp(mail: Mail, lines: Sequence[Line], start: int) -> tuple[int | None, tuple[datetime, Precision] | None]:
    """Where the date stands above the words; a day directly above a line is one that the person writes of."""
    for at, line in enumerate(lines[start : start + 3], start):
        when = date_shown(line.text, mail)
        if when and (when[1] != "day" or at + 1 == len(lines) or not lines[at + 1].text):
            return at, when
    return None, None


def sent_by(mail: Mail) -> list[str]:
    """Return whose name a network shows as the sender's: "Anna Smith via LinkedIn"."""
    match = _VIA.fullmatch(mail.sender.name or "")
    return [person_name(match["name"])] if match and is_name(person_name(match["name"])) else []


def _author_lines(lines: Sequence[Line], names: Sequence[str], links: NetworkLinks) -> int:
    """How many lines above the words show the author: name, handle, and position on networks that show it."""
    at = next((at for at, line in enumerate(lines) if line.text), None)
    shown = person_name(lines[at].text) if at is not None else ""
    if at is None or not is_name(shown) or not any(f"{shown} ".startswith(f"{name} ") for name in names):
        return 0
    below = at + 1
    if below < len(lines) and _HANDLE.fullmatch(lines[below].text):
        below += 1
    shows_position = links.shows_position and below + 1 < len(lines)
    if (
        shows_position
        and lines[below].text
        and not lines[below + 1].text
        and any(line.text for line in lines[below + 1 :])
    ):
        below += 1
    return below


def _headline_at(mail: Mail, lines: Sequence[Line]) -> int | None:
    for at, line in enumerate(lines[:_FAR]):
        said = _said(line)
        if said and not is_greeting(said) and not is_footer(said) and deed_in(said) is not None:
            return at if agrees(mail.subject, actors_in(said)) else None
    return None


def _said(line: Line) -> str:
    return " ".join("".join(run.text for run in line.runs if not run.href).replace("()", " ").split())


def _start(lines: Sequence[Line]) -> int:
    return next((at + 1 for at, line in enumerate(lines[:3]) if is_greeting(line.text)), 0)


def _tail(lines: Sequence[Line], start: int, links: NetworkLinks) -> tuple[int, Target | None]:
    """Where the template goes on after the words, and what its link leads to."""
    led = {at: [links.target(run.href) for run in lines[at].links] for at in range(start, len(lines))}
    owned = [at for at, targets in led.items() if any(target.role == "own" for target in targets)]
    until = owned[-1] if owned else len(lines)
    linked = [(at, target) for at, targets in led.items() if at < until for target in targets if target.role in _ABOUT]
    end = linked[-1][0] if linked else owned[0] if owned else until
    target = next((target for at, target in linked if at == end), None)
    footers = [at for at in range(start, end) if _FOOTER.match(lines[at].text)]
    end = footers[-1] if footers and not linked else end
    before = next((at for at in range(end - 1, start - 1, -1) if lines[at].text), start)
    is_caption = before > start and _CAPTION.fullmatch(lines[before].text)
    is_all = before < end - 1 and not any(line.text for line in lines[start:before])
    return before if is_caption and not is_all and end < len(lines) else end, target


def _of_roles(line: Line, links: NetworkLinks, *roles: Role) -> Target | None:
    targets = (links.target(run.href) for run in line.links)
    return next((target for target in targets if target.role in roles), None)


def _linked(line: Line, links: NetworkLinks) -> Target | None:
    return _of_roles(line, links, "object", "talk")


def _actors(line: Line, headline: str, links: NetworkLinks) -> tuple[Author, ...]:
    person = _of_roles(line, links, "person")
    url = person.url if person else None
    return tuple(Author(name=name, url=None if number else url) for number, name in enumerate(actors_in(headline)))
