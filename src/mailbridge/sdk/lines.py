"""A notification as lines of words, links and pictures: the same for an HTML body and for a text part."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import unescape
from typing import NamedTuple

from mailbridge.sdk.links import host_of, unwrap_url, urls_in
from mailbridge.sdk.markup import BLOCKS, Event, visible_events
from mailbridge.sdk.text import one_line

_EDGE, _BREAK, _PARAGRAPH = range(3)
_MOST_LINES = 4000
_FOLDED = 100
_ENTITY = re.compile(r"&(?:#\d{1,6}|#[xX][0-9A-Fa-f]{1,5}|[A-Za-z]{2,8}\d{0,2});")


class Run(NamedTuple):
    """A stretch of one line. A tuple: a mail has hundreds of them.

    Attributes:
        text: Words; "" for a picture.
        href: Where the anchor around it points, as sent; "" outside anchors.
        image: Address of a picture, as sent.
        alt: Words that stand for a picture.
    """

    text: str = ""
    href: str = ""
    image: str = ""
    alt: str = ""

    @property
    def is_address(self) -> bool:
        """Whether the words are themselves a web address: typed by a person, not a template's caption."""
        words = one_line(self.text)
        if not words or " " in words:
            return False
        host = host_of(unwrap_url(self.href)) if self.href else ""
        return urls_in(words)[:1] == [(0, len(words))] or (host != "" and words.lower().startswith(host))


@dataclass(frozen=True)
class Line:
    """One line, as a reader sees it."""

    runs: tuple[Run, ...]

    @cached_property
    def text(self) -> str:
        """Its words on one line; "" for a blank line or one of pictures only."""
        return one_line("".join(run.text for run in self.runs))

    @property
    def links(self) -> list[Run]:
        """The runs that carry words and a link."""
        return [run for run in self.runs if run.href and run.text.strip()]

    @cached_property
    def is_captions(self) -> bool:
        """Whether every word belongs to a link with a caption, or divides two of them: buttons, not sentences."""
        bare = "".join(run.text for run in self.runs if not run.href)
        return (
            bool(self.links) and not any(sign.isalnum() for sign in bare) and not any(r.is_address for r in self.links)
        )


def html_lines(source: str, skip: Callable[[str, Mapping[str, str]], bool] | None = None) -> list[Line]:
    """Return the visible lines of an HTML body; every block, table cell and <br> ends one.

    Args:
        source: The markup as sent.
        skip: Told an element's name and attributes, whether to leave it and all inside it out.
    """
    if skip is None:
        return list(_markup_lines(source))
    return _joined(_html_runs(_without(visible_events(source), skip)))


def text_lines(source: str) -> list[Line]:
    """Return the lines of a text part; its web addresses are links, entities left by the sender are decoded."""
    return list(_plain_lines(source))


@lru_cache(maxsize=2)
def _markup_lines(source: str) -> tuple[Line, ...]:
    """Cached: routing asks for the lines of the mail that is parsed next."""
    return tuple(_joined(_html_runs(visible_events(source))))


@lru_cache(maxsize=2)
def _plain_lines(source: str) -> tuple[Line, ...]:
    lines = _folded_middle(_ENTITY.sub(lambda match: _sign(match.group()), source).split("\n"))
    return tuple(Line(tuple(_text_runs(line))) for line in lines)


def _sign(entity: str) -> str:
    """What an entity stands for; no line break, so that a line stays one."""
    sign = unescape(entity)
    return sign if sign.isprintable() else " "


def _folded_middle(lines: list[str]) -> list[str]:
    """Of a body longer than any notification's, lines in the middle become paragraphs."""
    if len(lines) <= _MOST_LINES:
        return lines
    half = _MOST_LINES // 2
    middle = lines[half:-half]
    folded = (" ".join(middle[at : at + _FOLDED]) for at in range(0, len(middle), _FOLDED))
    return [*lines[:half], *folded, *lines[-half:]]


def plain_text(lines: Iterable[Line]) -> str:
    """Return the words of lines as plain text."""
    return "\n".join(line.text for line in lines).strip()


def _html_runs(events: Iterable[Event]) -> Iterator[Run | int]:
    """Yield runs, and where a line ends how many empty lines a reader sees there at least."""
    anchors = _Anchors()
    for kind, name, attributes in events:
        if kind == "text":
            anchors.read(name)
            if "\n" in name:
                yield from _divided(Run(name, anchors.href))
            else:
                yield Run(name, anchors.href)
            continue
        anchors.see(kind, name, attributes)
        if name == "img" and kind == "open":
            yield Run("", anchors.href, attributes.get("src", "").strip(), one_line(attributes.get("alt", "")))
        elif name == "br":
            yield from (_BREAK,) * (kind == "open")
        elif name in BLOCKS or name in {"td", "th"}:
            yield _PARAGRAPH if name == "p" else _EDGE


class _Anchors:
    """Which link is open; one around a table too, though the HTML engine closes it before the table."""

    def __init__(self) -> None:
        self._open = [""]
        self._tables: list[bool] = []
        self._empty = ""

    @property
    def href(self) -> str:
        return self._open[-1]

    def read(self, words: str) -> None:
        if self._empty and words.strip():
            self._empty = ""

    def see(self, kind: str, name: str, attributes: Mapping[str, str]) -> None:
        if name == "a" and kind == "open":
            self._empty = attributes.get("href", "").strip()
            self._open.append(self._empty or self.href)
        elif name == "a":
            self._open[1:] = self._open[1:-1]
        elif name == "table":
            self._table(kind)
        else:
            self._empty = ""

    def _table(self, kind: str) -> None:
        if kind == "open":
            self._tables.append(bool(self._empty))
            self._open += [self._empty] * bool(self._empty)
            self._empty = ""
        elif self._tables and self._tables.pop():
            self._open[1:] = self._open[1:-1]


def _divided(run: Run) -> Iterator[Run | int]:
    first, *more = run.text.split("\n")
    yield Run(first, run.href)
    for words in _folded_middle(more):
        yield _BREAK
        yield Run(words, run.href)


def _joined(runs: Iterable[Run | int]) -> list[Line]:
    lines: list[Line] = []
    line: list[Run] = []
    seen = blank = False
    for run in (*runs, _EDGE):
        if isinstance(run, Run):
            line.append(run)
            seen = seen or bool(run.image or run.text.strip())
            continue
        if seen:
            lines += [Line(())] * (blank and bool(lines))
            lines.append(Line(tuple(line)))
        blank = run == _PARAGRAPH or (not seen and (blank or run == _BREAK))
        if line:
            line, seen = [], False
    return lines


def _text_runs(line: str) -> Iterator[Run]:
    at = 0
    for start, end in urls_in(line) if "/" in line or "." in line else ():
        if start > at:
            yield Run(line[at:start])
        yield Run(line[start:end], line[start:end])
        at = end
    if at < len(line):
        yield Run(line[at:])


def _without(events: Iterable[Event], skip: Callable[[str, Mapping[str, str]], bool]) -> Iterator[Event]:
    depth: Sequence[str] = ()
    for kind, name, attributes in events:
        if depth:
            depth = (*depth, name) if (kind, name) == ("open", depth[0]) else depth
            depth = depth[1:] if (kind, name) == ("close", depth[0]) else depth
        elif kind == "open" and skip(name, attributes):
            depth = (name,)
        else:
            yield kind, name, attributes
