"""What became of the objects, by the description of one reading request."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from mailbridge.sdk import RemoteState, Sent, Sign, remote_state
from mailbridge_sinks.rest.answers import as_text, query
from mailbridge_sinks.rest.client import RestClient
from mailbridge_sinks.rest.config import RestConfig
from mailbridge_sinks.rest.forms import Form
from mailbridge_sinks.rest.listing import listed
from mailbridge_sinks.rest.readlook import Look


class ReadBack:
    """Reads main objects back."""

    def __init__(self, config: RestConfig, client: RestClient) -> None:
        self._config = config
        self._client = client
        self._look = config.read_back.look
        self._form = Form(self._look, config.headers) if self._look else None

    def states(self, receipts: Sequence[Sent]) -> list[RemoteState]:
        """Return what is known of these objects.

        Raises:
            SinkError: They can't be read now.
        """
        look, form = self._look, self._form
        if look is None or form is None:
            return []
        ids = list(dict.fromkeys(sent.remote_id for sent in receipts))
        found: list[RemoteState] = []
        for start in range(0, len(ids), look.batch):
            chosen = ids[start : start + look.batch]
            values = {"settings": self._config.values, "ids": chosen, "id": chosen[0]}
            request = form.filled(values, self._client.path_token)
            rows = listed(self._client, request, look, self._config.answers)
            found += self._of_rows(look, chosen, rows)
        return found

    def _of_rows(self, look: Look, ids: Sequence[str], rows: Sequence[Any]) -> Iterator[RemoteState]:
        there = {as_text(query(look.id, row)): row for row in rows if row}
        for one in ids:
            if one in there:
                yield self._state(look, one, there[one])
            elif look.gone or (look.nothing and not rows and len(ids) == 1):
                yield RemoteState(one, exists=False)

    def _state(self, look: Look, row_id: str, row: Any) -> RemoteState:
        stage = as_text(query(look.stage, row)) or None if look.stage else None
        return remote_state(
            row_id,
            _signs(look, row, stage),
            self._config.read_back.processed_when,
            open=not query(look.closed, row) if look.closed else None,
            stage=stage,
            responsible=as_text(query(look.responsible, row)) or None if look.responsible else None,
            responsible_id=as_text(query(look.responsible_id, row)) or None if look.responsible_id else None,
        )


def _signs(look: Look, row: Any, stage: str | None) -> Iterator[Sign]:
    if look.moved and query(look.moved, row):
        yield Sign("stage", _moment(query(look.moved_at, row)) if look.moved_at else None, stage)
    if look.answered_at and (at := _moment(query(look.answered_at, row))):
        yield Sign("answer", at)
    if look.proof and (proof := as_text(query(look.proof, row))):
        yield Sign("link", None, proof)


def _moment(value: Any) -> datetime | None:
    """Return a moment; one without an offset is UTC, milliseconds are told by their size."""
    try:
        seconds = float(value)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        pass
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
