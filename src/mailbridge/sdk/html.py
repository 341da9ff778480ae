"""A small façade over the HTML engine, so that parsers do not know which one it is."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from mailbridge.sdk.elements import Element, LxmlElement, SoupElement
from mailbridge.sdk.layout import Grid, Piece, html_layout
from mailbridge.sdk.markup import (
    Event,
    document_events,
    document_tree,
    soup,
    visible,
    visible_events,
    visible_text,
)
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

    def __init__(self, element: Element) -> None:
        self._element = element

    @property
    def name(self) -> str:
        """Element name in lower case."""
        return self._element.name

    def attr(self, name: str) -> str:
        """Return an attribute, "" when absent."""
        return self._element.attr(name)

    @property
    def text(self) -> str:
        """Visible words in lines, as a reader sees them."""
        return visible_text(visible(self._element.events()))

    @property
    def parent(self) -> "Node | None":
        """The element around this one."""
        parent = self._element.parent
        return Node(parent) if parent is not None else None

    @property
    def children(self) -> list["Node"]:
        """Elements directly inside."""
        return [Node(child) for child in self._element.children]

    def select(self, css: str) -> list["Node"]:
        """Return the elements inside that match a CSS selector (level 3), in document order."""
        return [Node(found) for found in self._element.select(css)]

    def first(self, css: str) -> "Node | None":
        """Return the first element inside that matches."""
        return next(iter(self.select(css)), None)

    def following(self) -> Iterator["Node"]:
        """Yield the elements after this one in document order, without those inside it."""
        return map(Node, self._element.following())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self._element == other._element

    def __hash__(self) -> int:
        return hash(self._element)


class Html:
    """An HTML body; malformed markup is read as a browser would, nothing is fetched."""

    def __init__(self, source: str) -> None:
        self.source = source

    def __bool__(self) -> bool:
        return bool(self.source.strip())

    @cached_property
    def root(self) -> Node:
        """The whole document."""
        tree = document_tree(self.source)
        return Node(SoupElement(soup(self.source)) if tree is None else LxmlElement(tree, is_document=True))

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
