"""The words of a person as a layout shows them: cut with a "See more" behind, or as one link to the comment."""

import re
from collections.abc import Callable, Sequence

from mailbridge.sdk.lines import Line, Run
from mailbridge.sdk.phrases import unquoted
from mailbridge.sdk.targets import Target
from mailbridge.sdk.text import paragraphs

_Read = Callable[[Run], Target]
"""Tells where a run leads."""
_CUT = re.compile(r"(?:…|\.\.\.)\s*$")
_SENTENCE = re.compile(r"[.?!…,:;](?:\s|$)|\S+\s+\S+\s+\S+\s+\S+\s+\S+")
"""Five words, or a sign that captions of buttons do not have."""


def shown_words(lines: Sequence[Line], target: _Read) -> tuple[str, bool]:
    """Return the words in lines, and whether the layout shows but their beginning."""
    kept = [_without_more(line, target) for line in lines]
    said = "\n".join(Line(runs).text for runs in kept)
    return unquoted(paragraphs(said)), any(len(runs) < len(line.runs) for runs, line in zip(kept, lines, strict=True))


def _without_more(line: Line, target: _Read) -> tuple[Run, ...]:
    """Drop the "See more" that follows a cut text."""
    for number in range(max(1, len(line.runs) - 3), len(line.runs)):
        run = line.runs[number]
        before = "".join(part.text for part in line.runs[:number])
        if run.href and not run.is_address and _CUT.search(before) and target(run).role != "outside":
            return line.runs[:number]
    return line.runs


def linked_words(lines: Sequence[Line], target: _Read) -> str:
    """Return the words in the first lines when they are one link to a comment, and a button below leads there too.

    Args:
        lines: What follows the headline.
        target: Tells where a run leads.
    """
    said: list[str] = []
    at = next((at for at, line in enumerate(lines) if line.text), len(lines))
    url = _comment_url(lines[at], target) if at < len(lines) else ""
    while url and at < len(lines) and (not lines[at].text or _comment_url(lines[at], target) == url):
        said.append(lines[at].text)
        at += 1
    filled = [words for words in said if words]
    words = filled[:-1]  # the last one is the button
    return paragraphs("\n".join(words)) if words and _SENTENCE.search(" ".join(words)) else ""


def _comment_url(line: Line, target: _Read) -> str:
    """The comment that all of a line links to, "" for any other line."""
    led = [target(run) for run in line.links] if line.is_captions else []
    urls = {one.url for one in led if one.role == "object" and one.comment}
    return urls.pop() if len(urls) == 1 and all(one.comment for one in led) else ""
