"""Facebook mails that a gateway flattened: the HTML body as one line of words, each link written after its caption."""

import re
from collections.abc import Iterator

from mailbridge.sdk import Line, Run, deed_in, text_lines, unwrap_url

from .links import target

_WRAPPED = re.compile(r"https?://(?:www\.)?facebook\.com/nd?/\?")
_LONG_LINE = 1000


def flat_lines(text: str) -> list[Line]:
    """Return the lines of a flattened body with captions as links, [] when the text part is an ordinary one."""
    longest = max(text.split("\n"), key=len)
    if len(longest) < _LONG_LINE or len(_WRAPPED.findall(longest)) < 3:
        return []
    runs = [run for line in text_lines(text) for run in line.runs]
    return list(_lines(_captioned(runs)))


def _captioned(runs: list[Run]) -> Iterator[Run]:
    """Turn "caption, address" into links; an address that Facebook did not wrap was typed, unless it is a profile."""
    caption = ""
    for run in runs:
        if not run.href:
            caption += run.text
        elif _is_typed(run.href):
            yield Run(caption)
            yield run
            caption = ""
        else:
            yield Run(caption, run.href)
            caption = ""
    yield Run(caption)


def _is_typed(href: str) -> bool:
    return unwrap_url(href) == href and target(href).role == "outside"


def _lines(runs: Iterator[Run]) -> Iterator[Line]:
    """Names and place of the headline in one line, every other caption in its own, typed words in theirs.

    What stands before the first name is a copy of the whole body without links.
    """
    line: list[Run] = []
    started = False
    for run in runs:
        role = target(run.href).role if run.href and not run.is_address else ""
        started = started or role == "person"
        if not started:
            continue
        if role and not (role in {"person", "place"} and _are_people(line)):
            yield Line(tuple(line))
            line = []
        announces = (
            role == "place" and deed_in(run.text) is not None
        )  # "and 3 others posted in" before the group's name
        line.append(Run(run.text) if announces else run._replace(text=run.text.lstrip(" .")))
        if role not in {"person", ""} or run.text.lstrip().startswith("."):
            yield Line(tuple(line))
            line = []
    yield Line(tuple(line))


def _are_people(line: list[Run]) -> bool:
    return bool(line) and all(run.href and target(run.href).role == "person" for run in line)
