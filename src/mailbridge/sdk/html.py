"""A small façade over the HTML engine, so that parsers do not know which one it is."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bs4 import BeautifulSoup, Comment, Tag, XMLParsedAsHTMLWarning
from bs4.element import NavigableString

from mailbridge.sdk.text import one_line

_BLOCKS = frozenset(
    "address article aside blockquote center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "  # noqa: SIM905
    "header hr li main nav ol p pre section table tbody tfoot thead tr ul".split()
)
_UNSEEN = frozenset(["head", "script", "style", "title", "template", "noscript"])
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_TABS = re.compile(r"\t{2,}")
_MANY_BREAKS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Link:
    """An anchor: where it points (as sent), its visible words, and its node."""

    href: str
    text: str
    node: "Node"


class Node:
    """One element."""

    def __init__(self, tag: Tag) -> None:
        self._tag = tag

    @property
    def name(self) -> str:
        """Element name in lower case."""
        return self._tag.name

    def attr(self, name: str) -> str:
        """Return an attribute, "" when absent."""
        value = self._tag.get(name)
        return " ".join(value) if isinstance(value, list) else (value or "")

    @property
    def text(self) -> str:
        """Visible words in lines, as a reader sees them."""
        return _visible_text(self._tag)

    @property
    def parent(self) -> "Node | None":
        """The element around this one."""
        return Node(self._tag.parent) if self._tag.parent is not None else None

    @property
    def children(self) -> list["Node"]:
        """Elements directly inside."""
        return [Node(child) for child in self._tag.children if isinstance(child, Tag)]

    def select(self, css: str) -> list["Node"]:
        """Return the elements inside that match a CSS selector, in document order."""
        return [Node(tag) for tag in self._tag.select(css)]

    def first(self, css: str) -> "Node | None":
        """Return the first element inside that matches."""
        tag = self._tag.select_one(css)
        return None if tag is None else Node(tag)

    def following(self) -> Iterator["Node"]:
        """Yield the elements after this one in document order, without those inside it."""
        inside = set(map(id, self._tag.descendants))
        for element in self._tag.next_elements:
            if isinstance(element, Tag) and id(element) not in inside:
                yield Node(element)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self._tag is other._tag

    def __hash__(self) -> int:
        return id(self._tag)


class Html:
    """An HTML body; malformed markup is read as a browser would, nothing is fetched."""

    def __init__(self, source: str) -> None:
        self.source = source

    @cached_property
    def _soup(self) -> BeautifulSoup:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)  # XHTML mails are HTML to every reader
            return BeautifulSoup(self.source, "lxml")

    def __bool__(self) -> bool:
        return bool(self.source.strip())

    @property
    def root(self) -> Node:
        """The whole document."""
        return Node(self._soup)

    def select(self, css: str) -> list[Node]:
        """Return all elements that match a CSS selector, in document order."""
        return self.root.select(css)

    def first(self, css: str) -> Node | None:
        """Return the first element that matches."""
        return self.root.first(css)

    @cached_property
    def text(self) -> str:
        """What a reader sees, one line per block or table row, cells of a row divided by a tab."""
        return _visible_text(self._soup)

    @cached_property
    def links(self) -> list[Link]:
        """Every anchor with an address, in document order."""
        return [Link(node.attr("href").strip(), one_line(node.text), node) for node in self.select("a[href]")]


def _visible_text(tag: Tag) -> str:
    pieces: list[str] = []
    _collect(tag, pieces)
    rows = ("\t".join(one_line(cell) for cell in line.split("\t")) for line in "".join(pieces).split("\n"))
    return _MANY_BREAKS.sub("\n\n", "\n".join(_TABS.sub("\t", row).strip("\t") for row in rows)).strip()


def _collect(top: Tag, pieces: list[str]) -> None:
    # An explicit stack: mails nest tables deeper than Python nests calls.
    stack: list[Tag | NavigableString | str] = [top]
    while stack:
        element = stack.pop()
        if isinstance(element, Tag):
            _open(element, pieces, stack)
        elif isinstance(element, NavigableString):
            if not isinstance(element, Comment) and type(element) is NavigableString:
                pieces.append(re.sub(r"\s+", " ", element))
        else:
            pieces.append(element)


def _open(tag: Tag, pieces: list[str], stack: list[Tag | NavigableString | str]) -> None:
    if tag.name in _UNSEEN or _HIDDEN_STYLE.search(str(tag.get("style") or "")):
        return
    if tag.name == "br":
        pieces.append("\n")
        return
    edge = "\n" if tag.name in _BLOCKS else "\t" if tag.name in {"td", "th"} else ""
    if edge == "\n":
        pieces.append(edge)
    if edge:
        stack.append(edge)
    stack.extend(child for child in reversed(tag.contents) if isinstance(child, (Tag, NavigableString)))
