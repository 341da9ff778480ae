"""Words of a person that are one link to their own comment: some layouts make the whole text one."""

import re
from collections.abc import Callable, Sequence

from mailbridge.sdk.lines import Line
from mailbridge.sdk.targets import Target
from mailbridge.sdk.text import paragraphs

_SENTENCE = re.compile(r"[.?!…,:;](?:\s|$)|\S+\s+\S+\s+\S+\s+\S+\s+\S+")
"""Five words, or a sign that captions of buttons do not have."""


def linked_words(lines: Sequence[Line], target: Callable[[str], Target]) -> str:
    """Return the words in the first lines when they are one link to a comment, and a button below leads there too.

    Args:
        lines: What follows the headline.
        target: Reads a link of the network.
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


def _comment_url(line: Line, target: Callable[[str], Target]) -> str:
    """The comment that all of a line links to, "" for any other line."""
    led = [target(run.href) for run in line.links] if line.is_captions else []
    urls = {one.url for one in led if one.role == "object" and one.comment}
    return urls.pop() if len(urls) == 1 and all(one.comment for one in led) else ""
