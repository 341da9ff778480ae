"""How a body is laid out: lines, and grids of cells, in reading order."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, takewhile

from mailbridge.sdk.markup import Event, breaks_around
from mailbridge.sdk.text import clean, one_line

_BOLD_ELEMENTS = frozenset("b strong th thead dt label h1 h2 h3 h4 h5 h6".split())  # noqa: SIM905
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)|\bfont\s*:\s*bold", re.IGNORECASE)
_THIN_STYLE = re.compile(r"font-weight\s*:\s*(?:normal|[1-5]00)", re.IGNORECASE)
_LABEL_CLASS = re.compile(
    r"(?:^|[\s_-])(?:label|question|caption|field[_-]?(?:name|title|label))(?:$|[\s_-])", re.IGNORECASE
)
_HOLDS = frozenset(["td", "th", "dt", "dd"])
_ADDRESS = re.compile(r"@|://|\bwww\.|^\S+\.\S+$")
_LABEL_LENGTH = 100
_MOST_LINES = 4000
_BUNDLE = 20


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line.

    Attributes:
        text: Its words, white space folded; never empty.
        lead: The words it begins with in bold, marked as a label, or before a tab; "" when it begins plain.
        marked: Whether all of it is bold or marked as a label.
        href: Where its first link points, as sent.
        gap: Whether an empty line stands before it.
        block: Number of the innermost block element it stands in, and of the block around that one.
        button: Whether it is nothing but captions of links, such as "View in the browser"; an address is none.
    """

    text: str
    lead: str = ""
    marked: bool = False
    href: str = ""
    gap: bool = False
    block: tuple[int, int] = (0, 0)
    button: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a grid: its lines, and whether it is a heading or all bold."""

    lines: tuple[TextLine, ...] = ()
    marked: bool = False

    @property
    def text(self) -> str:
        """Its words with line breaks."""
        return joined(self.lines)

    @property
    def href(self) -> str:
        """Where its first link points, as sent."""
        return next((line.href for line in self.lines if line.href), "")


@dataclass(frozen=True, slots=True)
class Grid:
    """A table, a definition list, or blocks that stand in twos: rows of cells, empty cells included."""

    rows: tuple[tuple[Cell, ...], ...]

    @property
    def lines(self) -> list[TextLine]:
        """The same as lines, cells one after the other."""
        return [line for row in self.rows for cell in row for line in cell.lines]


Piece = TextLine | Grid


def joined(lines: Iterable[TextLine]) -> str:
    """Return lines as text, with an empty line where one stood."""
    text: list[str] = []
    for line in lines:
        text.extend([""] * (line.gap and bool(text)))
        text.append(line.text)
    return "\n".join(text)


def _one_line(text: str) -> str:
    """`one_line`, without its cost for text in which there is nothing to clean."""
    folded = " ".join(text.split())
    return folded if folded.isprintable() else one_line(text)


def text_layout(text: str) -> list[Piece]:
    """Lay out plain text: every line is a line; in the middle of a body longer than any template, twenty are."""
    pieces: list[Piece] = []
    gap = False
    for raw in _bundled(text.split("\n")):
        if words := _one_line(raw) if "\n" not in raw else clean(raw):
            label, tab, value = raw.strip().partition("\t")
            lead = _one_line(label) if tab and value.strip() and len(label) <= _LABEL_LENGTH else ""
            pieces.append(TextLine(words, lead, gap=gap))
        gap = not words
    return pieces


def _bundled(lines: list[str]) -> list[str]:
    if len(lines) <= _MOST_LINES:
        return lines
    middle = lines[_MOST_LINES // 2 : -_MOST_LINES // 2]
    bundles = ["\n".join(middle[at : at + _BUNDLE]) for at in range(0, len(middle), _BUNDLE)]
    return [*lines[: _MOST_LINES // 2], *bundles, *lines[-_MOST_LINES // 2 :]]


def html_layout(events: Iterable[Event]) -> list[Piece]:
    """Lay out what is visible of an HTML document; tables that only arrange the page dissolve into what they hold."""
    builder = _Builder()
    for kind, value, attributes in events:
        if kind == "open":
            builder.open(value, attributes)
        elif kind == "close":
            builder.close(value)
        else:
            builder.words(value)
    return builder.finish()


@dataclass(slots=True)
class _Box:
    """What is being collected: the page, or one cell."""

    marked: bool = False
    pieces: list[Piece] = field(default_factory=list)
    runs: list[tuple[str, bool, bool]] = field(default_factory=list)
    """Words, whether they are bold, and whether they are a link's."""
    href: str = ""
    due: int = 0
    block: tuple[int, int] = (0, 0)

    def end_line(self, due: int) -> None:
        if self.runs and (text := _one_line("".join(words for words, _, _ in self.runs))):
            self.pieces.append(self._line(text))
            self.due = 0
        self.runs.clear()
        self.href = ""
        self.due = max(self.due, due)

    def break_line(self) -> None:
        due = self.due + 1 if not self.runs else 1
        self.end_line(due)

    def _line(self, text: str) -> TextLine:
        bold_runs = takewhile(lambda run: run[1] or not run[0].strip(), self.runs)
        lead = _one_line("".join(words for words, _, _ in bold_runs))
        gap = self.due > 1 and bool(self.pieces)
        return TextLine(text, lead, lead == text, self.href, gap, self.block, self._is_button(text))

    def _is_button(self, text: str) -> bool:
        is_caption = any(map(str.isalpha, text)) and not _ADDRESS.search(text)
        return is_caption and all(linked for words, _, linked in self.runs if words.strip())


@dataclass(slots=True)
class _Frame:
    """An element that is open."""

    name: str
    bold: bool
    breaks: int
    block: tuple[int, int]
    href: str
    rows: list[list[Cell]] | None = None
    """The rows of the table that cells directly inside belong to; None inside a cell and outside tables."""


class _Builder:
    def __init__(self) -> None:
        self._boxes = [_Box()]
        self._frames = [_Frame("", bold=False, breaks=0, block=(0, 0), href="")]
        self._blocks = 0

    def open(self, name: str, attributes: Mapping[str, str]) -> None:
        above = self._frames[-1]
        breaks = breaks_around(name, attributes)
        block = above.block
        if breaks or name in _HOLDS:
            self._blocks += 1
            block = (self._blocks, above.block[0])
        frame = _Frame(name, _is_bold(name, attributes, above.bold), breaks, block, above.href, above.rows)
        if name == "a":
            frame.href = (attributes.get("href") or "").strip()
        elif name in {"table", "dl"}:
            frame.rows = []
        self._frames.append(frame)
        if name == "br":
            self._boxes[-1].break_line()
        elif breaks:
            self._boxes[-1].end_line(breaks)
        if above.rows is not None:
            if name in {"tr", "dt"}:
                above.rows.append([])
            if name in _HOLDS:
                frame.rows = None
                self._boxes.append(_Box(marked=name in {"th", "dt"}))

    def close(self, name: str) -> None:
        frame = self._frames.pop()
        rows = self._frames[-1].rows
        if name in _HOLDS and rows is not None and len(self._boxes) > 1:
            box = self._boxes.pop()
            box.end_line(1)
            if not rows:
                rows.append([])
            rows[-1].append(_cell(box))
        elif name in {"table", "dl"}:
            self._boxes[-1].end_line(2)
            self._add_table(frame.rows or [])
        elif frame.breaks:
            self._boxes[-1].end_line(frame.breaks)

    def words(self, words: str) -> None:
        box, frame = self._boxes[-1], self._frames[-1]
        if words.count("\n") > _MOST_LINES:
            box.end_line(1)
            box.pieces.extend(text_layout(words))
            return
        for number, part in enumerate(words.split("\n")):
            if number:
                box.break_line()
            if not part.strip() and not box.runs:
                continue
            if not box.runs:
                box.block = frame.block
            box.runs.append((part, frame.bold, frame.href.startswith(("http:", "https:"))))
            if part.strip() and not box.href and not frame.href.startswith(("#", "javascript:")):
                box.href = frame.href

    def finish(self) -> list[Piece]:
        while len(self._boxes) > 1:
            self.close(self._frames[-1].name)
        self._boxes[0].end_line(1)
        return list(_twins(self._boxes[0].pieces))

    def _add_table(self, rows: list[list[Cell]]) -> None:
        box = self._boxes[-1]
        if any(isinstance(cell, _Holder) for row in rows for cell in row) or not _arranges_data(rows):
            for row in rows:
                for cell in row:
                    box.pieces.extend(cell.pieces if isinstance(cell, _Holder) else _twins(cell.lines))
            return
        box.pieces.append(Grid(tuple(tuple(row) for row in rows if row)))


@dataclass(frozen=True, slots=True)
class _Holder(Cell):
    """A cell with a grid inside: a part of the page's layout, not of a table of data."""

    pieces: tuple[Piece, ...] = ()


def _cell(box: _Box) -> Cell:
    lines = tuple(piece for piece in box.pieces if isinstance(piece, TextLine))
    marked = box.marked or (bool(lines) and all(line.marked for line in lines))
    if len(lines) < len(box.pieces):
        return _Holder(lines, marked, tuple(_twins(box.pieces)))
    return Cell(lines, marked)


def _arranges_data(rows: list[list[Cell]]) -> bool:
    filled = [[cell for cell in row if cell.lines] for row in rows]
    return any(len(row) > 1 for row in filled) or sum(bool(row) for row in filled) > 1


def _is_bold(name: str, attributes: Mapping[str, str], inherited: bool) -> bool:  # noqa: FBT001
    # Rows carry the type of a field as their class, which may be "field-name" above somebody's name.
    if name in _BOLD_ELEMENTS or (name != "tr" and _LABEL_CLASS.search(attributes.get("class") or "")):
        return True
    style = attributes.get("style")
    if not style:
        return inherited
    return bool(_BOLD_STYLE.search(style)) or (inherited and not _THIN_STYLE.search(style))


def _twins(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Blocks that stand in twos inside blocks of their own are a table without being called one."""
    pieces = list(pieces)
    twos: list[list[Cell]] = []
    held: list[Piece] = []
    for outer, group in groupby(pieces, key=lambda piece: piece.block[1] if isinstance(piece, TextLine) else -1):
        members = list(group)
        cells = _two_cells(members) if outer > 0 else None
        if cells:
            twos.append(cells)
            held.extend(members)
            continue
        yield from _as_grid(twos, held)
        twos, held = [], []
        yield from members
    yield from _as_grid(twos, held)


def _as_grid(twos: list[list[Cell]], held: list[Piece]) -> Iterator[Piece]:
    if len(twos) > 1:
        yield Grid(tuple(tuple(row) for row in twos))
    else:
        yield from held


def _two_cells(members: list[Piece]) -> list[Cell] | None:
    lines = [piece for piece in members if isinstance(piece, TextLine)]
    blocks = [list(group) for _, group in groupby(lines, key=lambda line: line.block[0])]
    if len(blocks) != 2 or len(blocks[0]) != 1 or len(blocks[0][0].text) > _LABEL_LENGTH:
        return None
    return [Cell(tuple(block), all(line.marked for line in block)) for block in blocks]
