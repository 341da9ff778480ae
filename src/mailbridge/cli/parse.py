"""`mailbridge parse`: what would be read, by which parser, and why; no network, no ledger."""

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from mailbridge.sdk import MailbridgeError


class TrustChoice(StrEnum):
    """Values of --trust."""

    require = "require"
    label = "label"
    off = "off"


class NoMailFound(MailbridgeError):  # noqa: N818 - says what is known
    """The given folder holds no mail."""

    exit_code = 65


def parse(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Mails (.eml), mbox files, Maildirs, folders, or - .")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, one per mail.")] = False,
    trust: Annotated[
        TrustChoice | None,
        typer.Option(help="Ask this of every sender. Default: require for social networks, label for all other mail."),
    ] = None,
    receiver: Annotated[
        str | None, typer.Option(metavar="HOST", help="The receiver whose Authentication-Results are believed.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say which parsers were asked and why.")] = False,
) -> None:
    """Show what would be read out of mails, by which parser, and why. No network, no configuration, no ledger."""
    count = 0
    for row, notes in _rows(paths, trust.value if trust else None, receiver, explain=explain):
        count += 1
        if as_json:
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        else:
            _show(row)
        if explain:
            _explain(row, notes)
    if not count:
        raise NoMailFound(f"no mail in {', '.join(paths)}: expected a Maildir, or files *.eml *.msg *.raw *.mbox")


def _rows(
    paths: list[str], trust: Any, receiver: str | None, *, explain: bool
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    from mailbridge.mailbox.files import walk
    from mailbridge.pipeline.parsing import TrustRules
    from mailbridge.pipeline.routing import Router
    from mailbridge.registry import make_parsers
    from mailbridge.worker import job_of, read_raw

    router = Router(make_parsers(), asks_all=explain)
    rules = TrustRules(override=trust)
    for path in paths:
        for found in walk(path):
            read = read_raw(job_of(found.raw, receiver=receiver), router, rules)
            mail_id, reading = read.mail_id, read.reading
            row: dict[str, Any] = {"path": found.label}
            if found.index is not None:
                row["index"] = found.index
            row |= {"mail_id": mail_id, "outcome": reading.outcome, "reason": reading.reason, "parser": reading.parser}
            row["interests"] = [interest.to_json() for interest in reading.interests]
            yield row, {"asked": reading.asked, "detail": reading.detail}


def _show(row: dict[str, Any]) -> None:
    where = row["path"] + (f"#{row['index']}" if "index" in row else "")
    print(f"{where}: {row['outcome']}" + (f" ({row['reason']})" if row["reason"] else "") + _by(row["parser"]))
    for interest in row["interests"]:
        author = interest["author"]
        who = author["name"] or author["email"] or ", ".join(author["phones"]) or "?"
        print(f"  {interest['kind']} in {interest['source']['network']} by {who}: {_gist(interest['text'])}")
        print(f"    {interest['source']['url'] or '-'}  reply: {interest['reply']['target'] or '-'}")


def _by(parser: str | None) -> str:
    return f" by {parser}" if parser else ""


def _gist(text: str | None) -> str:
    words = " ".join((text or "").split())
    return words if len(words) <= 100 else words[:99] + "…"


def _explain(row: dict[str, Any], notes: dict[str, Any]) -> None:
    asked = ", ".join(f"{name} by {route} ({strength})" for name, route, strength in notes["asked"]) or "nobody"
    print(f"{row['path']}: asked: {asked}", file=sys.stderr)
    if notes["detail"]:
        print(f"{row['path']}: {notes['detail']}", file=sys.stderr)
