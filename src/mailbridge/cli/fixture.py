"""`mailbridge fixture`: a real mail becomes a fixture without the people in it."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, UsageProblem, tell
from mailbridge.sdk.errors import MailbridgeError

if TYPE_CHECKING:
    from mailbridge.testing.anonymise.fixture import Fixture

app = typer.Typer(help="Fixtures: mails of invented people with what must be read out of them.", no_args_is_help=True)

_CASE = re.compile(r"[a-z0-9_]{1,40}/[a-z0-9_.-]{1,80}")
_ID = re.compile(r"[0-9a-f]{6,64}")


class NotFit(MailbridgeError):  # noqa: N818 - says what is known
    """What was made may not be published, or is no fixture of the mail."""

    exit_code = 65


@app.callback()
def fixtures() -> None:
    """Fixtures: mails of invented people with what must be read out of them."""


@app.command()
def add(
    mail: Annotated[str, typer.Argument(metavar="MAIL", help="A file, - , or the id of a mail in the ledger.")],
    config: ConfigOption = CONFIG,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder of the fixtures.")] = Path("fixtures/mails"),
    case: Annotated[
        str | None, typer.Option("--case", metavar="NETWORK/NAME", help="Its name.", show_default="by what is read")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="WORD", help="A word or domain that is nobody's secret.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write it although it reads differently.")] = False,
) -> None:
    """Exchange everything personal in a mail, keep everything else, and write it with its expected.json.

    Names, addresses, phones, ids, tokens and what people wrote are exchanged by inventions of the same form, the same
    for the same, in header fields, text, HTML, encoded words and links.
    """
    from mailbridge.mailbox.decode import Undecodable
    from mailbridge.testing.anonymise.fixture import anonymised

    raw, settings = _raw(mail, config)
    parsers, rules = _readers(settings, to)
    try:
        made = anonymised(raw, parsers, rules, keep=[*(keep or ()), *_words_of_recipes(parsers)])
    except Undecodable as error:
        raise NotFit(f"{mail}: no mail can be read out of it: {error.reason}") from None
    _require_fit(made, mail, force=force)
    folder = to / (case or _name(made.expected, raw))
    _write(folder, made)
    for file in ("mail.eml", "expected.json"):
        print(folder / file)
    if made.is_lenient:
        tell("words that only look like names were kept: the mail could not be read without them")
    tell("look at it before you publish it: what people write can name anything")


def _raw(mail: str, config: Path) -> tuple[bytes, Any]:
    from mailbridge.cli.common import open_ledger, settings_of

    settings = settings_of(config) if config != CONFIG or CONFIG.exists() else None
    if mail == "-":
        return sys.stdin.buffer.read(), settings
    if not Path(mail).exists() and _ID.fullmatch(mail) and settings is not None:
        with open_ledger(settings) as ledger:
            return ledger.listings.raw(mail), settings
    from mailbridge.mailbox.files import walk

    found = list(walk(mail))
    if len(found) != 1:
        raise UsageProblem(f"{mail} holds {len(found)} mails: name one file")
    return found[0].raw, settings


def _readers(settings: Any, to: Path) -> tuple[list[Any], Any]:
    """Return all parsers, those of recipes of the configuration and beside the new fixture too, and who is believed."""
    from mailbridge.app import make_router, trust_rules
    from mailbridge.pipeline.parsing import TrustRules
    from mailbridge.recipes.folder import fit_recipes
    from mailbridge.registry import make_parsers

    parsers: list[Any] = list(make_parsers() if settings is None else make_router(settings).parsers)
    taken = [one.manifest.name for one in parsers]
    beside = fit_recipes(to)[0].parsers() if to.is_dir() else []
    parsers += [one for one in beside if one.manifest.name not in taken]
    return parsers, TrustRules() if settings is None else trust_rules(settings)


def _words_of_recipes(parsers: list[Any]) -> list[str]:
    """Return what recipes know their mails by: a fixture without it would be none of theirs."""
    from mailbridge.recipes.parser import RecipeParser

    return [word for one in parsers if isinstance(one, RecipeParser) for word in one.words()]


def _require_fit(made: "Fixture", mail: str, *, force: bool) -> None:
    if made.survived:
        kinds = ", ".join(f"{len(one)} letters" for one in made.survived)
        raise NotFit(f"{mail}: {len(made.survived)} personal values are still there ({kinds}); nothing was written")
    if made.differs and not force:
        lines = "".join(f"\n  {one}" for one in made.differs[:10])
        raise NotFit(
            f"{mail}: without its people it reads differently; --keep WORD keeps what the parser needs, "
            f"--force writes it all the same:{lines}"
        )


def _name(expected: dict[str, Any], raw: bytes) -> str:
    import hashlib

    interest = next(iter(expected["interests"]), None)
    network = interest["source"]["network"] if interest else expected["parser"] or "unknown"
    what = interest["kind"] if interest else expected["reason"] or expected["outcome"]
    return f"{network}/{what}_{hashlib.sha256(raw).hexdigest()[:8]}"


def _write(folder: Path, made: "Fixture") -> None:
    if not _CASE.fullmatch(f"{folder.parent.name}/{folder.name}"):
        raise UsageProblem(f"{folder.parent.name}/{folder.name}: --case is NETWORK/NAME in small letters, digits and _")
    if folder.exists():
        raise UsageProblem(f"{folder} is there already: name another --case")
    folder.mkdir(parents=True)
    (folder / "mail.eml").write_bytes(made.raw)
    text = json.dumps(made.expected, ensure_ascii=False, indent=2) + "\n"
    (folder / "expected.json").write_text(text, encoding="utf-8")
