"""Watches the layouts of what is read: a changed template is told once, and waits where it lost what it always had."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mailbridge.ledger.layouts import Layouts
from mailbridge.observe import metrics
from mailbridge.observe.events import log
from mailbridge.pipeline.drift import (
    MOST_LAYOUTS,
    Outline,
    count,
    fresh_labels,
    is_steady,
    lost,
    lost_beside,
    missing,
    place,
    required,
    resembled,
)
from mailbridge.pipeline.parsing import Reading
from mailbridge.ports import Layout
from mailbridge.worker import Read

REFRESH_S = 5.0
"""How long counts wait to be written, and what a person accepted to be seen, while there is work."""

REASON = "layout_changed"


class DriftWatch:
    """Compares each mail with the layouts of its source.

    What is counted is written now and then, and when there is nothing to read; what is new at once.

    Args:
        layouts: The ledger's side.
        clock: Monotonic seconds.
    """

    def __init__(self, layouts: Layouts, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._layouts = layouts
        self._clock = clock
        self._known: dict[str, list[Layout]] = {}
        self._counted: dict[str, Layout] = {}
        self._began_at = clock()

    def review(self, reads: Sequence[Read | None]) -> list[Read | None]:
        """Return how mails were read; what lost a required field in a new layout is quarantined."""
        outlines = {read.mail_id: read.outline for read in reads if read is not None and read.outline is not None}
        if not outlines:
            return list(reads)
        if self._clock() - self._began_at > REFRESH_S:
            self.rest()
        self._learn({outline.source for outline in outlines.values()} - self._known.keys())
        reviewed, first_mails = self._reviewed(reads, outlines)
        if first_mails:
            self._layouts.save([self._counted.pop(layout_id) for layout_id in first_mails], first_mails)
        return reviewed

    def rest(self) -> None:
        """Write what was counted, and look anew at what is known: a person may have accepted something."""
        if self._counted:
            self._layouts.save(list(self._counted.values()), {})
        self._counted.clear()
        self._known.clear()
        self._began_at = self._clock()

    def _learn(self, sources: set[str]) -> None:
        if sources:
            self._known.update({source: [] for source in sources})
            for one in self._layouts.of(sources):
                self._known[one.source].append(one)

    def _reviewed(
        self, reads: Sequence[Read | None], outlines: Mapping[str, Outline]
    ) -> tuple[list[Read | None], dict[str, str]]:
        reviewed: list[Read | None] = []
        first_mails: dict[str, str] = {}
        for read in reads:
            outline = outlines.get(read.mail_id) if read is not None else None
            if read is None or outline is None:
                reviewed.append(read)
                continue
            known = self._known[outline.source]
            layout = place(outline, known)
            if layout is None and len(known) >= MOST_LAYOUTS:
                reviewed.append(read)
                continue
            if layout is None:
                layout = self._found(read, outline, known)
                known.append(layout)
                first_mails[layout.id] = read.mail_id
            reviewed.append(_judged(read, outline, layout, known))
            count(layout, outline)
            self._counted[layout.id] = layout
        return reviewed, first_mails

    def _found(self, read: Read, outline: Outline, known: Sequence[Layout]) -> Layout:
        """Return a layout that was never seen; tell of it when its source is well known."""
        like = resembled(outline, known)
        labels = [label for label, _ in outline.labels] if like else ""
        digest = hashlib.sha256(f"{outline.source} {outline.signs}{labels}".encode()).hexdigest()[:16]
        made = Layout(digest, outline.source, outline.signs)
        if not is_steady(known):
            return made
        made.missing = missing(outline, required(known)) if like is None else lost_beside(outline, like)
        made.state = "held" if made.missing else "new"
        told = {"source": outline.source, "layout": digest, "mail_id": read.mail_id, "missing": list(made.missing)}
        metrics.LAYOUTS_CHANGED.inc()
        log.warning("layout_changed", outcome=read.reading.outcome, **told)
        return made


def held_back(reads: Sequence[Read], layouts: Layouts) -> list[Read]:
    """Return how mails that are read again end: a held layout holds them as long as they lack what it lost.

    Nothing is counted: these mails were.
    """
    sources = {read.outline.source for read in reads if read.outline is not None}
    known: dict[str, list[Layout]] = {source: [] for source in sources}
    for one in layouts.of(sources) if sources else ():
        known[one.source].append(one)
    return [_held_back(read, known.get(read.outline.source, []) if read.outline else []) for read in reads]


def _held_back(read: Read, known: Sequence[Layout]) -> Read:
    layout = place(read.outline, known) if read.outline is not None else None
    return read if read.outline is None or layout is None else _judged(read, read.outline, layout, known)


def _judged(read: Read, outline: Outline, layout: Layout, known: Sequence[Layout]) -> Read:
    if layout.state != "held" or read.reading.outcome != "parsed":
        return read
    gone = lost(outline, layout, known)
    if not gone:
        layout.state = "known"  # its parser was mended, or the field was never more than optional
        return read
    detail = f"layout {layout.id} of {outline.source} is new and has no {', '.join(gone)}, which its mails always had"
    if fresh := fresh_labels(outline, [one for one in known if one is not layout]):
        detail += f"; labels never seen before: {', '.join(fresh[:5])}"
    held = Reading("quarantined", REASON, detail=detail, asked=read.reading.asked)
    return replace(read, reading=replace(held, parser=read.reading.parser, parser_version=read.reading.parser_version))
