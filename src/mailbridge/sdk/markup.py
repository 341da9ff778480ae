"""An HTML document as a stream of what opens, what is said and what closes, whichever engine read it."""

import html
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING

from lxml import etree

from mailbridge.sdk.text import one_line, seen

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

Event = tuple[str, str, Mapping[str, str]]
"""("open", element name, attributes), ("text", words, {}) or ("close", element name, {})."""

BLOCKS = frozenset(
    "address article aside blockquote body center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 "  # noqa: SIM905
    "h6 header hr html li main nav ol p pre section table tbody tfoot thead tr ul".split()
)
_SPACED = frozenset("blockquote dl h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split())  # noqa: SIM905
_UNSEEN = frozenset(["head", "script", "style", "title", "template", "noscript"])
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|(?<![\w-])opacity\s*:\s*0(?:\.0+)?\s*(?:[;!]|$)",
    re.IGNORECASE,
)
_NO_HEIGHT = re.compile(r"(?<![\w-])(?:max-)?height\s*:\s*0(?:px)?\s*(?:[;!]|$)", re.IGNORECASE)
_CLIPPED = re.compile(r"overflow\s*:\s*hidden", re.IGNORECASE)
"""With no height nothing of it is seen: how templates hide the line that mail programs show beside the subject."""
_KEPT_BREAKS = re.compile(r"white-space\s*:\s*pre", re.IGNORECASE)
_BLOCK_STYLE = re.compile(r"display\s*:\s*(?:block|table-row|list-item)", re.IGNORECASE)
_WHITE = re.compile(r"[ \t\r\n\f\xa0]+")
_EMOJI_ANYWAY = (
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵"
    "⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
_MOST_TAGS = 3000
_LONGEST_STYLE = 500
_TAG_START = re.compile("<")
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_LINE_MARKUP = re.compile(r"<(?:br|/?(?:p|div|tr|li|ul|ol|dt|dd|table|h[1-6]|blockquote|pre))\b[^<>]*>", re.IGNORECASE)
_UNSEEN_MARKUP = re.compile(r"<!--.*?(?:-->|\Z)|<(style|script)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
"""What has no end ends with the document, as in browsers; else each beginning would be followed to the end of it."""
_TABS = re.compile(r"\t{2,}")
_NOTHING: Mapping[str, str] = {}
_NO_EFFECT = (False, False, False)
_reference = False


def document_events(source: str) -> Iterator[Event]:
    """Yield the events of a whole document; malformed markup is read as a browser would.

    Of a body with more tags than any notification has, the rest comes as its words only.
    """
    source, rest = _parted(source)
    if not rest:
        return _tree_events(source)
    words: list[Event] = [("open", "pre", _NOTHING), ("text", _stripped(rest), _NOTHING), ("close", "pre", _NOTHING)]
    return chain(_tree_events(source), words)


def _parted(source: str) -> tuple[str, str]:
    if source.count("<") <= _MOST_TAGS:
        return source, ""
    at = next(islice(_TAG_START.finditer(source), _MOST_TAGS, None)).start()
    return source[:at], source[at:]


def _stripped(source: str) -> str:
    """Return the words of markup with a line for every block, without building a tree."""
    words = _WHITE.sub(" ", _UNSEEN_MARKUP.sub(" ", source))
    return html.unescape(_TAG.sub(" ", _LINE_MARKUP.sub("\n", words)))


def _tree_events(source: str) -> Iterator[Event]:
    tree = None if _reference else _tree(source)
    if tree is not None:
        return lxml_events(tree)
    return element_events(soup(source)) if source.strip() else iter(())


def document_tree(source: str) -> "etree._Element | None":
    """Return the tree that lxml builds; None where beautifulsoup4 has to serve."""
    return None if _reference or _parted(source)[1] else _tree(source)


@lru_cache(maxsize=2)
def _tree(source: str) -> "etree._Element | None":
    """Return the tree of lxml; None when there is nothing in it, or when it is deeper than libxml2 can hold."""
    data = source.replace("\0", "\ufffd").encode("utf-8", "replace")
    # huge_tree: without it libxml2 drops what is nested deeper than 256 elements. No network, no entities.
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return None
    return None if parser.error_log.filter_from_fatals() else root


def use_reference_engine(*, on: bool) -> None:
    """Let beautifulsoup4 read every document of this process, as benches and differential tests do."""
    global _reference  # noqa: PLW0603 - engines change nothing that is read, so nobody is handed one
    _reference = on
    visible_events.cache_clear()


@lru_cache(maxsize=2)
def visible_events(source: str) -> tuple[Event, ...]:
    """Return the visible events of a whole document. Cached: several analyses of one mail begin here."""
    return tuple(visible(document_events(source)))


def lxml_events(root: "etree._Element") -> Iterator[Event]:
    """Yield the events of one element that lxml has read."""
    for kind, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if kind == "start":
            yield "open", element.tag, element.attrib
            if element.text:
                yield "text", element.text, _NOTHING
        else:
            if kind == "end":
                yield "close", element.tag, _NOTHING
            if element.tail and element is not root:
                yield "text", element.tail, _NOTHING


def soup(source: str) -> "BeautifulSoup":
    """Read a document with beautifulsoup4; see `document_events` about very long ones."""
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

    source, rest = _parted(source)
    if rest:
        source = f"{source}<pre>{html.escape(_stripped(rest))}</pre>"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)  # XHTML mails are HTML to every reader
        return BeautifulSoup(source, "lxml")


def element_events(top: "Tag") -> Iterator[Event]:
    """Yield the events of one element that beautifulsoup4 has read."""
    from bs4 import Comment, Tag
    from bs4.element import NavigableString

    # An explicit stack: mails nest tables deeper than Python nests calls.
    stack: list[Tag | NavigableString | str] = [top]
    while stack:
        element = stack.pop()
        if isinstance(element, Tag):
            yield "open", element.name, {name: _as_written(value) for name, value in element.attrs.items()}
            stack.append("/" + element.name)
            stack.extend(child for child in reversed(element.contents) if isinstance(child, (Tag, NavigableString)))
        elif isinstance(element, NavigableString):
            if not isinstance(element, Comment) and type(element) is NavigableString:
                yield "text", str(element), _NOTHING
        else:
            yield "close", element[1:], _NOTHING


def _as_written(value: str | list[str]) -> str:
    """Put a class of several names back together, which beautifulsoup4 takes apart."""
    return " ".join(value) if isinstance(value, list) else str(value)


def visible(events: Iterable[Event]) -> Iterator[Event]:
    """Yield only what a reader sees: hidden parts left out, emoji pictures as text, white space folded."""
    hidden: list[str] = []
    kept_breaks: list[str] = []
    for kind, value, attributes in events:
        if hidden:
            _track(hidden, kind, value)
        elif kind == "text":
            words = value if value.isascii() else seen(value)
            yield kind, words if kept_breaks else _WHITE.sub(" ", words), _NOTHING
        elif kind == "close":
            if kept_breaks:
                _track(kept_breaks, kind, value)
            yield kind, value, attributes
        else:
            style = attributes.get("style")
            hides, keeps_breaks, _ = _styled(style) if style else _NO_EFFECT
            if hides or value in _UNSEEN or "hidden" in attributes:
                hidden.append(value)
                continue
            if kept_breaks:
                _track(kept_breaks, "open", value)
            elif keeps_breaks or value == "pre":
                kept_breaks.append(value)
            yield kind, value, attributes
            if value == "img" and (picture := _emoji(attributes)):
                yield "text", picture, _NOTHING


def _track(inside: list[str], kind: str, name: str) -> None:
    if kind == "open" and name == inside[0]:
        inside.append(name)
    elif kind == "close" and name == inside[0]:
        inside.pop()


@lru_cache(maxsize=4096)
def _effects(style: str) -> tuple[bool, bool, bool]:
    return (
        _HIDDEN_STYLE.search(style) is not None
        or (_NO_HEIGHT.search(style) is not None and _CLIPPED.search(style) is not None),
        _KEPT_BREAKS.search(style) is not None,
        _BLOCK_STYLE.search(style) is not None,
    )


def _styled(style: str) -> tuple[bool, bool, bool]:
    """Whether a style hides, keeps line breaks, makes a block. Remembered: a template repeats its styles."""
    return _effects(style) if len(style) <= _LONGEST_STYLE else _effects.__wrapped__(style)


def _emoji(attributes: Mapping[str, str]) -> str:
    """Site software replaces emoji that people type by pictures; their alternative text is the sign itself."""
    text = attributes.get("alt", "").strip()
    if len(text) == 1 and "\u2190" <= text <= "\u2bff" and text not in _EMOJI_ANYWAY:
        # Such a sign is a picture only with this mark behind it, which the software leaves out.
        return text + "\ufe0f"
    return text if 0 < len(text) <= 8 and all(ord(sign) > 0x2000 or sign in "©®#*0123456789" for sign in text) else ""


def breaks_around(name: str, attributes: Mapping[str, str]) -> int:
    """Return how many line breaks a browser puts at least before and after an element."""
    if name in _SPACED:
        return 2
    return 1 if name in BLOCKS or _styled(attributes.get("style") or "")[2] else 0


def visible_text(events: Iterable[Event]) -> str:
    """Return what a reader sees of visible events, a line per block or table row, cells of a row divided by a tab."""
    lines: list[str] = []
    line: list[str] = []
    due = 0
    styled: list[tuple[str, int]] = []
    for kind, value, attributes in events:
        if kind == "text":
            for number, words in enumerate(value.split("\n")):
                due += bool(number)
                if words.strip() or (line and not due):
                    if due:
                        _end_line(lines, line, due)
                        due = 0
                    line.append(words)
        elif value == "br":
            due += kind == "open"
        elif value in {"td", "th"}:
            if kind == "close" and line and not due:
                line.append("\t")
        else:
            due = max(due, _edge(styled, kind, value, attributes))
    _end_line(lines, line, 1)
    return "\n".join(lines).strip()


def _edge(styled: list[tuple[str, int]], kind: str, name: str, attributes: Mapping[str, str]) -> int:
    """How many breaks an opening or closing tag asks for; a block by its style closes as one."""
    if name in BLOCKS:
        return breaks_around(name, _NOTHING)
    if kind == "open" and breaks_around(name, attributes):
        styled.append((name, 1))
        return 1
    for at in range(len(styled) - 1, -1, -1):
        if styled[at][0] == name:
            depth = styled[at][1] + (1 if kind == "open" else -1)
            styled[at : at + 1] = [(name, depth)] if depth else []
            return int(not depth)
    return 0


def _end_line(lines: list[str], line: list[str], due: int) -> None:
    cells = "\t".join(one_line(cell) for cell in "".join(line).split("\t"))
    lines.append(_TABS.sub("\t", cells).strip("\t"))
    lines.extend([""] * (min(due, 2) - 1))
    line.clear()
