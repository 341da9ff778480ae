"""A small façade over the HTML engine, so that parsers do not know which one it is."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bs4 import BeautifulSoup, Tag

from mailbridge.sdk.layout import Grid, Piece, html_layout
from mailbridge.sdk.markup import Event, document_events, element_events, soup, visible, visible_events, visible_text
from mailbridge.sdk.pairs import Pair, pairs_of
from mailbridge.sdk.text import one_line

_HAS_LINES = re.compile(r"<(?:br|p|div|t[drh]|li|h[1-6]|dt|pre)\b", re.IGNORECASE)


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
        return visible_text(visible(element_events(self._tag)))

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
        return soup(self.source)

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

    @property
    def _events(self) -> Iterable[Event]:
        if _HAS_LINES.search(self.source):
            return visible_events(self.source)
        # Home-made mailers declare text/html and send plain lines: no browser breaks them, their authors meant to.
        return visible([("open", "pre", {}), *document_events(self.source), ("close", "pre", {})])

    @cached_property
    def text(self) -> str:
        """What a reader sees, one line per block or table row, cells of a row divided by a tab."""
        return visible_text(self._events)

    @cached_property
    def layout(self) -> list[Piece]:
        """Lines and grids in reading order; tables that only arrange the page are dissolved."""
        return html_layout(self._events)

    @property
    def tables(self) -> list[list[list[str]]]:
        """Rows of cells, as text, of every table that holds data."""
        grids = (piece for piece in self.layout if isinstance(piece, Grid))
        return [[[cell.text for cell in row] for row in grid.rows] for grid in grids]

    def pairs(self) -> list[Pair]:
        """Return the label/value pairs: table rows of two cells, and lines "label: value"."""
        return pairs_of(self.layout)

    @cached_property
    def links(self) -> list[Link]:
        """Every anchor with an address, in document order."""
        return [Link(node.attr("href").strip(), one_line(node.text), node) for node in self.select("a[href]")]
