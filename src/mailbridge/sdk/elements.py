"""One element of an HTML document, whichever engine built the tree: lxml, or beautifulsoup4, the reference."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from lxml import etree
from lxml.cssselect import CSSSelector

from mailbridge.sdk.markup import Event, element_events, lxml_events

if TYPE_CHECKING:
    from bs4 import Tag

_DOCUMENT = "[document]"


class Element(Protocol):
    """What a façade asks of an element; equal when it is the same place in the same tree."""

    @property
    def name(self) -> str:
        """Element name in lower case."""
        ...

    @property
    def parent(self) -> "Element | None":
        """The element around this one."""
        ...

    @property
    def children(self) -> "Sequence[Element]":
        """Elements directly inside."""
        ...

    def attr(self, name: str) -> str:
        """Return an attribute, "" when absent."""
        ...

    def select(self, css: str) -> "Sequence[Element]":
        """Return the elements inside that match, in document order."""
        ...

    def following(self) -> "Iterator[Element]":
        """Yield the elements after this one, without those inside it."""
        ...

    def events(self) -> Iterator[Event]:
        """Yield what opens, what is said and what closes."""
        ...


class LxmlElement:
    """An element of a tree of lxml; with `is_document` what stands above its root."""

    def __init__(self, node: "etree._Element", *, is_document: bool = False) -> None:
        self._node = node
        self._is_document = is_document

    @property
    def name(self) -> str:
        """Element name in lower case."""
        return _DOCUMENT if self._is_document else str(self._node.tag)

    @property
    def parent(self) -> "LxmlElement | None":
        """The element around this one."""
        if self._is_document:
            return None
        above = self._node.getparent()
        return LxmlElement(self._node, is_document=True) if above is None else LxmlElement(above)

    @property
    def children(self) -> "list[LxmlElement]":
        """Elements directly inside."""
        if self._is_document:
            return [LxmlElement(self._node)]
        return [LxmlElement(child) for child in self._node.iterchildren(etree.Element)]

    def attr(self, name: str) -> str:
        """Return an attribute, "" when absent."""
        return "" if self._is_document else (self._node.get(name) or "")

    def select(self, css: str) -> "list[LxmlElement]":
        """Return the elements inside that match, in document order."""
        found = _selector(css)(self._node)
        return [LxmlElement(one) for one in found if self._is_document or one is not self._node]

    def following(self) -> "Iterator[LxmlElement]":
        """Yield the elements after this one, without those inside it."""
        if not self._is_document:
            yield from (LxmlElement(one) for one in self._node.xpath("following::*"))

    def events(self) -> Iterator[Event]:
        """Yield what opens, what is said and what closes."""
        return lxml_events(self._node)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LxmlElement) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[int, bool]:
        return id(self._node), self._is_document


class SoupElement:
    """An element of a tree of beautifulsoup4."""

    def __init__(self, tag: "Tag") -> None:
        self._tag = tag

    @property
    def name(self) -> str:
        """Element name in lower case."""
        return self._tag.name

    @property
    def parent(self) -> "SoupElement | None":
        """The element around this one."""
        return SoupElement(self._tag.parent) if self._tag.parent is not None else None

    @property
    def children(self) -> "list[SoupElement]":
        """Elements directly inside."""
        return [SoupElement(child) for child in self._tag.find_all(True, recursive=False)]

    def attr(self, name: str) -> str:
        """Return an attribute, "" when absent."""
        value = self._tag.get(name)
        return " ".join(value) if isinstance(value, list) else (value or "")

    def select(self, css: str) -> "list[SoupElement]":
        """Return the elements inside that match, in document order."""
        return [SoupElement(tag) for tag in self._tag.select(css)]

    def following(self) -> "Iterator[SoupElement]":
        """Yield the elements after this one, without those inside it."""
        inside = set(map(id, self._tag.descendants))
        return (SoupElement(tag) for tag in self._tag.find_all_next(True) if id(tag) not in inside)

    def events(self) -> Iterator[Event]:
        """Yield what opens, what is said and what closes."""
        return element_events(self._tag)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SoupElement) and self._tag is other._tag

    def __hash__(self) -> int:
        return id(self._tag)


@lru_cache(maxsize=256)
def _selector(css: str) -> Any:
    return CSSSelector(css, translator="html")
