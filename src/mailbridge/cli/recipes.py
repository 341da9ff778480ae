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
    names = [name for name, _ in _read(folder).sources]
    if not names:
        tell(f"no recipe in {folder}: they are files NAME.toml")
        return
    tell("1 recipe is fit for use" if len(names) == 1 else f"{len(names)} recipes are fit for use")
    if bare := [name for name in names if not any((folder / name).glob("*/mail.eml"))]:
        tell(f"no mail to try beside {', '.join(bare)}: put one into {folder / bare[0]}/first/mail.eml")


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
    wrong = sum(not row["ok"] for row in rows)
    if wrong:
        raise RecipesFail(f"{wrong} of {len(rows)} do not give what is expected")


def _read(folder: Path) -> Any:
    from mailbridge.recipes.folder import read_recipes
    from mailbridge.registry import parser_types

    return read_recipes(folder, list(parser_types()))


def _tried(folder: Path, recipes: Any, *, write: bool) -> Iterator[dict[str, Any]]:
    """Try each mail with all parsers, as the daemon will; tell also of what can't be tried."""
    from mailbridge.registry import make_parsers

    parsers = [*make_parsers(), *recipes.parsers()]
    names = [name for name, _ in recipes.sources]
    for mail in sorted(folder.glob("*/*/mail.eml")):
        name = mail.parent.parent.name
        ok, about = _one(mail, parsers, write=write) if name in names else (False, f"there is no recipe {name}.toml")
        yield {"case": f"{name}/{mail.parent.name}", "ok": ok, "about": about}
    for stray in sorted({*folder.glob("*/*.eml"), *folder.glob("*/*/*.eml")} - {*folder.glob("*/*/mail.eml")}):
        about = "is not tried: mails are called RECIPE/CASE/mail.eml"
        yield {"case": stray.relative_to(folder).as_posix(), "ok": False, "about": about}
    for name in names:
        if not any((folder / name).glob("*/mail.eml")):
            yield {"case": name, "ok": False, "about": f"no mail to try: put one into {folder / name}/first/mail.eml"}


def _one(mail: Path, parsers: Any, *, write: bool) -> tuple[bool, str]:
    """Return whether a mail gives what is expected, and in words what it gives or where it differs."""
    from mailbridge.testing.expecting import expectation

    found = expectation(mail.read_bytes(), parsers)
    file = mail.parent / "expected.json"
    gives = f"{found['outcome']} by {found['parser'] or 'nobody'}" + (
        f" ({found['reason']})" if found["reason"] else ""
    )
    if file.exists():
        try:
            wanted = json.loads(file.read_text(encoding="utf-8-sig"))
        except ValueError as error:
            return False, f"expected.json is not JSON: {error}"
        wrong = list(_unlike(wanted, found, ""))
        return not wrong, "; ".join(wrong[:5]) or gives
    if not write:
        return False, "there is no expected.json; --write makes one"
    if found["outcome"] == "quarantined":
        return False, f"{gives}: nothing is written; `mailbridge parse --recipes DIR --explain` says what is missing"
    file.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return True, f"expected.json is written: {gives}; read it"


def _unlike(wanted: Any, found: Any, place: str) -> Iterator[str]:
    """Yield where what was found is not what is wanted; keys that nobody wrote down may be anything."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from _unlike(value, found.get(key), f"{place}.{key}" if place else key)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _unlike(one, other, f"{place}[{number}]")
    elif isinstance(wanted, list) and isinstance(found, list):
        yield f"{place} has {len(found)} entries, expected {len(wanted)}"
    elif wanted != found:
        yield f"{place} is {json.dumps(found, ensure_ascii=False)}, expected {json.dumps(wanted, ensure_ascii=False)}"
