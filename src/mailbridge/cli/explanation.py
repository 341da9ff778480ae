"""What `mailbridge quarantine show` says about a mail that waits."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mailbridge.cli.common import plain, short

if TYPE_CHECKING:
    from mailbridge.config import Settings
    from mailbridge.ledger.layouts import Layouts

NOT_READ_HERE = frozenset({"parse_timeout", "parse_crashed", "memory_exceeded", "canary_forged"})

ADVICE: Mapping[str, str] = {
    "unauthenticated": "our receiver does not vouch for this sender: name it as `receiver` of the mailbox, or set "
    "`trust` in [parsers.NAME] when this mailbox is never authenticated",
    "impersonation": "it looks like a network and is not: usually fraud; a person or firm with such a name goes into "
    "`allow` of [trust], then retry it",
    "layout_changed": "look at the mail: when what is missing stands in it, mend the parser or recipe; when its sender "
    "does not give it any more, `mailbridge layouts accept LAYOUT`; then retry it",
    "recipe_field_missing": "look which label it has now, add it to the recipe (`label` may be a list), then retry it",
    "recipe_field_twice": "look which of the values is the author's; a `css` or `pattern` can tell them apart for ever",
    "no_parser": "write a recipe or a parser for this sender",
    "unknown_notification": "nobody knows the program that sent it: write a recipe for it (docs/recipes.md), then "
    "`mailbridge quarantine retry --reason unknown_notification`",
    "ambiguous_route": "two parsers claim it: remove one of the plugins, or give one a stronger route",
    "parse_timeout": "reading it took too long; it is not read here: look at the raw bytes with care",
    "memory_exceeded": "reading it took too much memory; it is not read here: look at the raw bytes with care",
    "canary_forged": "somebody made a mail that says it is our canary mail; leave it, it does nothing",
    "parse_crashed": "reading it killed its process twice; it is not read here: look at the raw bytes with care",
}
REPAIR = (
    "`mailbridge fixture add` makes a fixture of it; mend the parser or write a recipe until it is green, then retry it"
)


def explained(settings: "Settings", row: Mapping[str, Any], raw: bytes, layouts: "Layouts") -> dict[str, Any]:
    """Return how the mail reads today, which parsers come nearest, what they miss, bad recipes, and what to do."""
    from mailbridge.app import usable_recipes

    refused = list(usable_recipes(settings)[1])
    if row["reason"] in NOT_READ_HERE:
        return {"today": None, "nearest": [], "advice": ADVICE[row["reason"]], "refused_recipes": refused}
    return {**_reading(settings, row, raw, layouts), "refused_recipes": refused}


def _reading(settings: "Settings", row: Mapping[str, Any], raw: bytes, layouts: "Layouts") -> dict[str, Any]:
    from mailbridge.app import make_router, receivers, trust_rules
    from mailbridge.mailbox.decode import Undecodable, decode
    from mailbridge.mailbox.receiving import DEFAULT
    from mailbridge.pipeline.drift import outline_of
    from mailbridge.pipeline.explaining import nearest
    from mailbridge.pipeline.parsing import read_mail
    from mailbridge.stations.drifting import held_back
    from mailbridge.worker import Read

    router = make_router(settings)
    receiving = receivers(settings).get(row["mailbox"] or "", DEFAULT)
    try:
        mail = decode(raw, mailbox=row["mailbox"], receiving=receiving, size=row["size"], limits=settings.limits)
    except Undecodable as error:
        return {
            "today": _today("quarantined", error.reason, None, error.detail),
            "nearest": [],
            "advice": "look at --raw",
        }
    reading = read_mail(mail, router, trust_rules(settings))
    [read] = held_back([Read(row["id"], reading, outline=outline_of(mail, reading))], layouts)
    reading = read.reading
    today = _today(reading.outcome, reading.reason, reading.parser, reading.detail)
    near = [asdict(one) for one in nearest(mail, router.parsers, reading.parser)]
    if reading.outcome != "quarantined":
        return {
            "today": today,
            "nearest": near,
            "advice": f"it can be read now: mailbridge quarantine retry {row['id'][:12]}",
        }
    return {"today": today, "nearest": near, "advice": ADVICE.get(reading.reason or "", REPAIR)}


def _today(outcome: str, reason: str | None, parser: str | None, detail: str) -> dict[str, Any]:
    return {"outcome": outcome, "reason": reason, "parser": parser, "detail": detail or None}


def show_explained(row: Mapping[str, Any]) -> None:
    """Print it for a person."""
    print(f"mail       {row['id']}")
    for name, value in (("from", row["sender"]), ("subject", row["subject"]), ("stored", row["stored_at"])):
        print(f"{name:<10} {plain(value or '-')}")
    print(f"waits for  {row['reason'] or row['state']}" + (f": {plain(row['detail'], 300)}" if row["detail"] else ""))
    print(f"trust      {row['trust'] or '-'} ({row['trust_reason'] or '-'})")
    told = row["explanation"]
    if told["today"]:
        print(f"today      {_said(told['today'])}")
    for number, one in enumerate(told["nearest"]):
        print(f"{'nearest' if not number else 'then':<10} {_near(one)}")
    for problem in told["refused_recipes"]:
        print(f"recipe     not in force: {plain(problem, 300)}")
    print(f"what to do {told['advice']}")
    print(f"more       mailbridge quarantine show {short(row['id'])} --json, or --raw")


def _said(today: Mapping[str, Any]) -> str:
    by = f" by {today['parser']}" if today["parser"] else ""
    why = f" ({today['reason']})" if today["reason"] else ""
    return str(today["outcome"]) + why + by + (f": {plain(today['detail'], 300)}" if today["detail"] else "")


def _near(one: Mapping[str, Any]) -> str:
    routes = "; ".join(_route(view) for view in one["routes"])
    if one["outcome"] == "parsed":
        reads = f"would read {one['interests']} interest{'s' if one['interests'] != 1 else ''}"
    else:
        reads = f"reads nothing: {one['reason']}" + (f", {plain(one['missing'], 300)}" if one["missing"] else "")
    vouched = "" if one["vouched"] else "; nobody vouches for the sender"
    return f"{one['parser']} {one['version']} ({one['evidence']}): {routes}; {reads}{vouched}"


def _route(view: Mapping[str, Any]) -> str:
    if view["missing"] == "nothing":
        return f"route {view['name']} holds ({view['strength']})"
    wants = f", it reads {', '.join(view['senders'][:4])}" if view["missing"] == "sender" else ""
    return f"route {view['name']} lacks its {view['missing']}{wants}"
