"""Watches the layouts of what is read: a changed template is told once, and waits where it lost what it always had."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mailbridge.ledger.layouts import Layouts
from mailbridge.observe.events import log
from mailbridge.pipeline.drift import MOST_LAYOUTS, Outline, count, is_steady, missing, place, required
from mailbridge.pipeline.parsing import Reading
from mailbridge.ports import Layout
from mailbridge.worker import Read

REASON = "layout_changed"


class DriftWatch:
    """Compares each mail with the layouts of its source.

    Args:
        layouts: The ledger's side.
    """

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts

    def review(self, reads: Sequence[Read | None]) -> list[Read | None]:
        """Return how mails were read; what lost a required field in a new layout is quarantined."""
        outlines = {read.mail_id: read.outline for read in reads if read is not None and read.outline is not None}
        if not outlines:
            return list(reads)
        by_source: dict[str, list[Layout]] = {outline.source: [] for outline in outlines.values()}
        for one in self._layouts.of(by_source):
            by_source[one.source].append(one)
        reviewed, touched, first_mails = self._reviewed(reads, outlines, by_source)
        self._layouts.save(list(touched.values()), first_mails)
        return reviewed

    def _reviewed(
        self,
        reads: Sequence[Read | None],
        outlines: Mapping[str, Outline],
        by_source: dict[str, list[Layout]],
    ) -> tuple[list[Read | None], dict[str, Layout], dict[str, str]]:
        reviewed: list[Read | None] = []
        touched: dict[str, Layout] = {}
        first_mails: dict[str, str] = {}
        for read in reads:
            outline = outlines.get(read.mail_id) if read is not None else None
            if read is None or outline is None:
                reviewed.append(read)
                continue
            known = by_source[outline.source]
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
            touched[layout.id] = layout
        return reviewed, touched, first_mails

    def _found(self, read: Read, outline: Outline, known: Sequence[Layout]) -> Layout:
        """Return a layout that was never seen; tell of it when its source is well known."""
        digest = hashlib.sha256(f"{outline.source} {outline.signs}".encode()).hexdigest()[:16]
        made = Layout(digest, outline.source, outline.signs)
        if not is_steady(known):
            return made
        made.missing = missing(outline, required(known))
        made.state = "held" if made.missing else "new"
        told = {"source": outline.source, "layout": digest, "mail_id": read.mail_id, "missing": list(made.missing)}
        log.warning("layout_changed", outcome=read.reading.outcome, **told)
        return made


def _judged(read: Read, outline: Outline, layout: Layout, known: Sequence[Layout]) -> Read:
    if layout.state != "held" or read.reading.outcome != "parsed":
        return read
    lost = missing(outline, required(known))
    if not lost:
        return read
    detail = f"layout {layout.id} of {outline.source} is new and has no {', '.join(lost)}, which its mails always had"
    held = Reading("quarantined", REASON, detail=detail, asked=read.reading.asked)
    return replace(read, reading=replace(held, parser=read.reading.parser, parser_version=read.reading.parser_version))
