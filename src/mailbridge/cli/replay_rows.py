"""What `mailbridge replay` prints: one row per mail, as JSON or for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mailbridge.cli.common import json_text, plain, short

if TYPE_CHECKING:
    from mailbridge.ledger.replays import KnownDelivery
    from mailbridge.stations.replaying import Replayed

WIDTH = 160
"""Longest line of a request or value, for people; --json prints all of it."""


def row_of(one: "Replayed") -> dict[str, Any]:
    """Return a mail as it reads now, with the deliveries that follow and how far the ledger has them."""
    reading = one.read.reading
    row: dict[str, Any] = {"path": one.given.label}
    if one.given.index is not None:
        row["index"] = one.given.index
    row |= {"mail_id": one.read.mail_id, "outcome": reading.outcome, "reason": reading.reason}
    row |= {"parser": reading.parser, "parser_version": reading.parser_version}
    row |= {"kept": one.is_kept, "sent_before": bool(one.known and one.known.was_sent)}
    row["interests"] = [interest.to_json() for interest in one.interests]
    row["deliveries"] = [
        {"interest_id": interest.id, "sink": out.sink, "key": out.key, **state_of(one.states.get(out.key))}
        for interest, wanted in one.wishes
        for out in wanted
    ]
    return row


def state_of(known: "KnownDelivery | None") -> dict[str, Any]:
    """Return how far a delivery is; "new" when the ledger does not have it."""
    return {"state": known.state if known else "new", "remote_id": known.remote_id if known else None}


def difference(one: "Replayed") -> dict[str, Any] | None:
    """Return how a mail reads now beside what the ledger has; None when nothing differs."""
    before, after = _stands(one.known), _reads(one)
    changes = [asdict(change) for change in one.changes()]
    told = {key: value for key, value in after.items() if key != "parser_version"}
    if before is not None and not changes and told == {key: before[key] for key in told}:
        return None
    new = [{"sink": out.sink, "key": out.key} for out in one.new]
    row = {"path": one.given.label, "mail_id": one.read.mail_id, "before": before, "after": after}
    return row | {"changes": changes, "new_deliveries": new}


def _stands(known: Any) -> dict[str, Any] | None:
    if known is None:
        return None
    return {"outcome": known.state, "reason": known.reason, "parser": known.parser} | {
        "parser_version": known.parser_version
    }


def _reads(one: "Replayed") -> dict[str, Any]:
    reading = one.read.reading
    return {"outcome": reading.outcome, "reason": reading.reason, "parser": reading.parser} | {
        "parser_version": reading.parser_version
    }


def show_row(row: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a mail with its deliveries."""
    if as_json:
        print(json_text(row))
        return
    print(f"{_where(row)}: {_reading(row)}" + (", kept as it is" if row["kept"] else ""))
    for interest in row["interests"]:
        author = interest["author"]
        who = author["name"] or author["email"] or ", ".join(author["phones"]) or "?"
        what = f"{interest['kind']} in {interest['source']['network']} by {who}: {interest['text'] or ''}"
        print("  " + plain(what, WIDTH))
        for one in row["deliveries"]:
            if one["interest_id"] == interest["id"]:
                print(f"    {one['sink']}: {' '.join(filter(None, (one['state'], one['remote_id'])))} ({one['key']})")
                _show_requests(row.get("requests", {}).get(one["key"], ()))


def _show_requests(requests: Sequence[Mapping[str, Any]]) -> None:
    for one in requests:
        body = json.dumps(one["body"], ensure_ascii=False, default=str)
        print("      " + plain(f"{one['step']}: {one['method']} {one['path']} {body}", WIDTH))


def show_difference(row: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what differs about a mail."""
    if as_json:
        print(json_text(row))
        return
    before = _reading(row["before"]) if row["before"] else "not in the ledger"
    print(f"{_where(row)}: {before} → {_reading(row['after'])}")
    for change in row["changes"]:
        what = change["field"] or "interest"
        print(
            "  "
            + plain(f"{change['interest_id']} {what}: {_value(change['before'])} → {_value(change['after'])}", WIDTH)
        )
    for one in row["new_deliveries"]:
        print(f"  new delivery to {one['sink']}: {one['key']}")


def _value(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _where(row: Mapping[str, Any]) -> str:
    place = row["path"] or f"mail {short(row['mail_id'])}"
    return f"{place}#{row['index']}" if "index" in row else place


def _reading(row: Mapping[str, Any]) -> str:
    by = f" by {row['parser']} {row['parser_version'] or ''}".rstrip() if row["parser"] else ""
    return str(row["outcome"]) + (f" ({row['reason']})" if row["reason"] else "") + by
