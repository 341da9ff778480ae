"""A mail that tells of several events of a network: one interest for each that was done to its recipient."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from mailbridge.sdk.deeds import Deed, deed_in, untagged
from mailbridge.sdk.interest import Interest
from mailbridge.sdk.lines import Line, Run, html_lines
from mailbridge.sdk.mail import Mail
from mailbridge.sdk.notice import read_notice
from mailbridge.sdk.notification import Notice
from mailbridge.sdk.parser import Ignored
from mailbridge.sdk.people import person_name
from mailbridge.sdk.phrases import is_greeting
from mailbridge.sdk.social import social_interests
from mailbridge.sdk.targets import NetworkLinks

_LONGEST_HEADLINE = 400
_MOST_EVENTS = 100
_TO_US = re.compile(
    r"(?<![^\W_])(?:ваш\w*|вас|вам|вами|твой|тво[яеиёю]\w*|тебя|тебе|your?|yours)(?![^\W_])", re.IGNORECASE
)
_COUNTED = re.compile(
    r"\s*(?P<count>[2-9]|[1-9]\d{1,2})\s+(?:нов\w+\s+|new\s+)?"
    r"(?:комментари|ответ|упоминани|сообщени|отзыв|событи|действи|реакци|comments?\b|repl(?:y|ies)\b|mentions?\b|messages?\b"
    r"|reviews?\b|reactions?\b)",
    re.IGNORECASE,
)
_TO_US_ALWAYS = frozenset({"message", "review", "order", "request", "callback"})


def read_digest(mail: Mail, network: str, links: NetworkLinks, *, to_us: bool = False) -> list[Interest]:
    """Return the events of a digest that were done to its recipient; [] when it only counts them or tells of others.

    An event is a line in which a linked person stands before the verb; what the person wrote follows it.

    Args:
        mail: The mail; its subject says nothing about the single events.
        network: Name of the network in the interests.
        links: The network's addresses.
        to_us: Whether it is known that all of it was done to the recipient.
    """
    lines = html_lines(mail.html_source) if mail.html else []
    neutral = replace(mail, subject="")
    found: list[Interest] = []
    for block in _blocks(lines, links):
        notice = read_notice(neutral, block, links)
        if notice.deed is not None and notice.actors and (to_us or _is_ours(notice, notice.deed)):
            found += _interests(mail, network, notice, notice.deed, len(found))
    return found[:_MOST_EVENTS]


def read_counted(mail: Mail, network: str, links: NetworkLinks) -> list[Interest]:
    """Return the events of a mail whose subject says how many there are; [] when it does not, or shows another number.

    A subject such as "2 new comments in the group" tells of what was done to us, whatever the single headlines say.
    """
    counted = _COUNTED.match(untagged(mail.subject))
    found = read_digest(mail, network, links, to_us=True) if counted else []
    return found if counted and len(found) == int(counted["count"]) else []


def ignored_unless_told(mail: Mail, network: str, links: NetworkLinks, reason: str) -> list[Interest] | Ignored:
    """Return the events of a mail whose subject only counts them; else what it is ignored for."""
    found = read_digest(mail, network, links) if reason == "digest" else []
    return found or Ignored(reason)


def _interests(mail: Mail, network: str, notice: Notice, deed: Deed, position: int) -> list[Interest]:
    return social_interests(
        mail,
        network,
        deed.kind,
        notice.actors,
        text=notice.text,
        target=notice.target,
        when=notice.when,
        title=notice.place,
        place_url=notice.place_url,
        product=notice.product,
        language=deed.language,
        position=position,
    )


def _is_ours(notice: Notice, deed: Deed) -> bool:
    """Whether it was done to the recipient, or in a group of theirs; what somebody posted was not."""
    if deed.kind == "post":
        return False
    return deed.kind in _TO_US_ALWAYS or notice.is_place or bool(_TO_US.search(notice.headline))


def _blocks(lines: Sequence[Line], links: NetworkLinks) -> Iterator[Sequence[Line]]:
    """Cut the lines before each event; its portrait stands above its headline."""
    begins = [at for at, line in enumerate(lines) if _announces(line, links)]
    starts = [_with_portrait(lines, at, before + 1, links) for at, before in zip(begins, [-1, *begins], strict=False)]
    for start, end in pairwise([*starts, len(lines)]):
        yield lines[start:end]


def _announces(line: Line, links: NetworkLinks) -> bool:
    if len(line.text) > _LONGEST_HEADLINE or is_greeting(line.text):
        return False
    people = _people(line, links)
    deed = deed_in(line.text, *(" ".join(run.text.split()) for run in people)) if people else None
    return deed is not None and line.text.find(" ".join(people[0].text.split())) < deed.start


def _people(line: Line, links: NetworkLinks) -> list[Run]:
    return [
        run
        for run in line.links
        if not run.is_address and person_name(run.text) and links.target(run.href).role == "person"
    ]


def _with_portrait(lines: Sequence[Line], at: int, least: int, links: NetworkLinks) -> int:
    """The first of the lines directly above a headline that show nothing but its person."""
    urls = {links.target(run.href).url for run in _people(lines[at], links)}
    while at > least:
        hrefs = [run.href for run in lines[at - 1].runs if run.href]
        if lines[at - 1].text or not hrefs or not {links.target(href).url for href in hrefs} <= urls:
            break
        at -= 1
    return at
