"""`mailbridge doctor`: everything that can be wrong, each with what to do; a bundle for those who help."""

from contextlib import ExitStack
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbridge.cli.common import (
    CONFIG,
    ConfigOption,
    JsonOption,
    UsageProblem,
    json_text,
    open_ledger,
    settings_of,
    tell,
)
from mailbridge.sdk.output import terminal_text

if TYPE_CHECKING:
    from mailbridge.cli.doctor_machine import Diagnosis
    from mailbridge.config import Settings
    from mailbridge.ledger.ledger import Ledger

MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


def doctor(
    config: ConfigOption = CONFIG,
    bundle: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write a zip for those who help: no secret, no mail, no text of one."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look at everything that can be wrong, by reading only, and say what to do about each thing."""
    from mailbridge.cli.bundle import write_bundle
    from mailbridge.cli.doctor_machine import machine
    from mailbridge.cli.doctor_sides import sides
    from mailbridge.cli.progress import progress

    if bundle is not None and bundle.exists():
        raise UsageProblem(f"--bundle {bundle}: is there already; name another file")
    settings = settings_of(config)
    found: list[Diagnosis] = []
    with ExitStack() as stack:
        watch = stack.enter_context(progress("looked at"))
        ledger, lack = _opened(settings, stack)
        for one in chain(machine(settings, config), lack, sides(settings, ledger)):
            found.append(one)
            _show(one, as_json=as_json)
            watch(len(found))
        if bundle is not None:
            write_bundle(bundle, settings, config, ledger, found)
            tell(f"written: {bundle}; look into it before you hand it on")
    code = max((one.exit_code for one in found if one.state == "fail"), default=0)
    if code:
        raise typer.Exit(code)


def _opened(settings: "Settings", stack: ExitStack) -> "tuple[Ledger | None, list[Diagnosis]]":
    """Return the ledger, or why there is none: everything else is looked at all the same."""
    from mailbridge.cli.doctor_machine import Diagnosis
    from mailbridge.ledger.engine import LedgerError, look_at

    try:
        return stack.enter_context(open_ledger(settings)), []
    except LedgerError as error:
        try:
            about = look_at(settings.ledger.url)
        except LedgerError:
            return None, [Diagnosis("ledger", "fail", str(error), "", error.exit_code)]
        return None, [Diagnosis("ledger", "warn", about, "mailbridge run makes it")]


def _show(one: "Diagnosis", *, as_json: bool) -> None:
    if as_json:
        print(json_text(asdict(one)))
        return
    print(f"{MARKS[one.state]} {terminal_text(one.what)}: {terminal_text(one.about)}")
    if one.do:
        print(f"     → {terminal_text(one.do)}")
