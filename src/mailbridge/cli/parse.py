"""`mailbridge parse`: what would be read, by which parser, and why; no network, no ledger."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbridge.cli.common import json_text, plain, tell

if TYPE_CHECKING:
    from mailbridge.mailbox.files import Found
    from mailbridge.worker import Read


class TrustChoice(StrEnum):
    """Values of --trust."""

    require = "require"
    label = "label"
    off = "off"


def parse(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="Mails (.eml), mbox files, Maildirs, folders, or - .")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, one per mail.")] = False,
    trust: Annotated[
        TrustChoice | None,
        typer.Option(help="Ask this of every sender. Default: require for social networks, label for all other mail."),
    ] = None,
    receiver: Annotated[
        str | None,
        typer.Option(
            metavar="HOST", help="The receiver whose Authentication-Results are believed, or a profile: gmail."
        ),
    ] = None,
    recipes: Annotated[
        Path | None, typer.Option("--recipes", metavar="DIR", help="Read with the recipes of this folder too.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say which parsers were asked and why.")] = False,
) -> None:
    """Show what would be read out of mails, by which parser, and why. No network, no configuration, no ledger."""
    reader = _reader(trust, receiver, recipes, asks_all=explain)
    explainer = _explainer(receiver, recipes) if explain else None
    code = 0
    for path in paths:
        code = max(code, _parse_path(path, reader, explainer, as_json=as_json))
    if code:
        raise typer.Exit(code)


Reader = Callable[["Found"], "Read"]

Explainer = Callable[["Found"], Iterable[str]]


def _reader(trust: TrustChoice | None, receiver: str | None, recipes: Path | None, *, asks_all: bool) -> Reader:
    from mailbridge.mailbox.receiving import Receiving
    from mailbridge.pipeline.parsing import TrustRules
    from mailbridge.recipes.folder import NONE, read_recipes
    from mailbridge.registry import parser_types
    from mailbridge.worker import job_of, read_raw, router_of

    own = NONE if recipes is None else read_recipes(recipes, list(parser_types()))
    router = router_of({}, own, asks_all=asks_all)
    rules = TrustRules(override=trust.value if trust else None)
    return lambda found: read_raw(job_of(found.raw, size=found.size, receiving=Receiving(receiver)), router, rules)


def _explainer(receiver: str | None, recipes: Path | None) -> "Explainer":
    """Return what tells in lines what the recipes make of a mail."""
    if recipes is None:
        return lambda _: ()
    from mailbridge.mailbox.decode import Undecodable, decode
    from mailbridge.mailbox.receiving import Receiving
    from mailbridge.recipes.explaining import explained
    from mailbridge.recipes.folder import read_recipes

    parsers = read_recipes(recipes).parsers()

    def explain(found: "Found") -> Iterable[str]:
        try:
            return explained(decode(found.raw, size=found.size, receiving=Receiving(receiver)), parsers)
        except Undecodable:
            return ()  # told by the outcome

    return explain


def _parse_path(path: str, reader: Reader, explainer: "Explainer | None", *, as_json: bool) -> int:
    """Show the mails of one path; return 0, or the code of what is wrong with it, which stops no other path."""
    from mailbridge.mailbox.files import walk
    from mailbridge.ports import PathUnreadable

    count = 0
    try:
        for found in walk(path):
            count += 1
            read = reader(found)
            row = _row(found, read)
            if as_json:
                print(json_text(row))
            else:
                _show(row)
            if explainer is not None:
                _explain(row["path"], read, explainer(found))
    except PathUnreadable as error:
        tell(f"mailbridge: {error}")
        return error.exit_code
    if count:
        return 0
    tell(f"mailbridge: no mail in {path}: expected a Maildir, or files *.eml *.msg *.raw *.mbox")
    return 65


def _row(found: "Found", read: "Read") -> dict[str, Any]:
    reading = read.reading
    row: dict[str, Any] = {"path": found.label}
    if found.index is not None:
        row["index"] = found.index
    row |= {"mail_id": read.mail_id, "outcome": reading.outcome, "reason": reading.reason, "parser": reading.parser}
    return row | {"interests": [interest.to_json() for interest in reading.interests]}


def _show(row: dict[str, Any]) -> None:
    where = plain(row["path"], 1000) + (f"#{row['index']}" if "index" in row else "")
    print(f"{where}: {row['outcome']}" + (f" ({row['reason']})" if row["reason"] else "") + _by(row["parser"]))
    for interest in row["interests"]:
        author = interest["author"]
        who = author["name"] or author["email"] or ", ".join(author["phones"]) or author["url"] or "somebody"
        gist = plain(interest["text"] or "", 100)
        print(
            f"  {interest['kind']} in {interest['source']['network']} by {plain(who)}" + (f": {gist}" if gist else "")
        )
        place, answer = (plain(one or "-", 4000) for one in (interest["source"]["url"], interest["reply"]["target"]))
        print(f"    {place}  reply: {answer}")


def _by(parser: str | None) -> str:
    return f" by {parser}" if parser else ""


def _explain(path: str, read: "Read", by_recipes: Iterable[str]) -> None:
    reading = read.reading
    asked = ", ".join(f"{name} by {route} ({strength})" for name, route, strength in reading.asked) or "nobody"
    tell(f"{path}: asked: {asked}")
    tell(f"{path}: sender: {reading.trust.verdict} ({reading.trust.reason})")
    if reading.detail:
        tell(f"{path}: {reading.detail}")
    for line in by_recipes:
        tell(f"{path}: {plain(line, 1000)}")
