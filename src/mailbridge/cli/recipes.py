"""`mailbridge recipes`: parsers that are written as configuration, checked and tried."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from mailbridge.cli.common import JsonOption, tell
from mailbridge.sdk.errors import MailbridgeError

app = typer.Typer(help="Recipes: parsers that are written as configuration.", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the recipes.")]


class RecipesFail(MailbridgeError):  # noqa: N818 - says what is known
    """A mail beside a recipe does not give what was written down."""

    exit_code = 65


@app.command()
def lint(folder: FolderArgument) -> None:
    """Check recipes: all problems at once, each with file and key."""
    recipes = _read(folder)
    tell(f"{len(recipes.sources)} recipes are fit for use")


@app.command("test")
def try_out(
    folder: FolderArgument,
    write: Annotated[
        bool, typer.Option("--write", help="Write expected.json beside mails that have none; then read it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read the mails beside each recipe (DIR/NAME/CASE/mail.eml) and hold the result against expected.json."""
    recipes = _read(folder)
    rows = list(_tried(folder, recipes, write=write))
    for row in rows:
        if as_json:
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        else:
            print(f"{'ok  ' if row['ok'] else 'FAIL'} {row['case']}: {row['about']}")
    bare = [name for name, _ in recipes.sources if not any(row["case"].startswith(f"{name}/") for row in rows)]
    if bare:
        tell(f"no mail to try beside: {', '.join(bare)}")
    wrong = sum(not row["ok"] for row in rows)
    if wrong:
        raise RecipesFail(f"{wrong} of {len(rows)} mails do not give what is expected")


def _read(folder: Path) -> Any:
    from mailbridge.recipes.folder import read_recipes
    from mailbridge.registry import parser_types

    return read_recipes(folder, list(parser_types()))


def _tried(folder: Path, recipes: Any, *, write: bool) -> Iterator[dict[str, Any]]:
    """Try each mail with all parsers, as the daemon will."""
    from mailbridge.registry import make_parsers
    from mailbridge.testing.expecting import expectation

    parsers = [*make_parsers(), *recipes.parsers()]
    for mail in sorted(folder.glob("*/*/mail.eml")):
        case = f"{mail.parent.parent.name}/{mail.parent.name}"
        found = expectation(mail.read_bytes(), parsers)
        file = mail.parent / "expected.json"
        if write and not file.exists():
            file.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
            yield {"case": case, "ok": True, "about": "expected.json is written: read it"}
        elif not file.exists():
            yield {"case": case, "ok": False, "about": "there is no expected.json; --write makes one"}
        else:
            wrong = list(_unlike(json.loads(file.read_text(encoding="utf-8")), found, ""))
            by = f"{found['outcome']} by {found['parser'] or 'nobody'}"
            yield {"case": case, "ok": not wrong, "about": "; ".join(wrong[:5]) or by}


def _unlike(wanted: Any, found: Any, place: str) -> Iterator[str]:
    """Yield where what was found is not what is wanted; keys that nobody wrote down may be anything."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from _unlike(value, found.get(key), f"{place}.{key}" if place else key)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _unlike(one, other, f"{place}[{number}]")
    elif wanted != found:
        yield f"{place} is {json.dumps(found, ensure_ascii=False)}, expected {json.dumps(wanted, ensure_ascii=False)}"
