"""`mailbridge health`: for Docker, cron and people."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, JsonOption, json_text, open_ledger, settings_of
from mailbridge.sdk.output import terminal_text

if TYPE_CHECKING:
    from mailbridge.config import Settings
    from mailbridge.observe.health import Finding

PATIENCE_S = 3.0
"""A probe has five seconds in all: who waits longer for a locked ledger is killed before it can say so."""

SIGNS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


def health(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Say whether the daemon works: exit 0 when it does, 69 when not. Asks only the ledger."""
    found = found_by(settings_of(config, with_recipes=False))
    for one in found:
        if as_json:
            print(json_text({**asdict(one), "ok": one.ok}))
        else:
            print(f"{SIGNS[one.level]} {terminal_text(one.what)}: {terminal_text(one.about)}")
    if not all(one.ok for one in found):
        raise typer.Exit(69)


def found_by(settings: "Settings") -> "list[Finding]":
    """Return what there is to say of the daemon of a configuration, by the ledger alone."""
    from mailbridge.ledger.errors import LedgerDamaged, LedgerError, LedgerRefused
    from mailbridge.ledger.space import space_of
    from mailbridge.observe.health import Finding, Watched, findings
    from mailbridge.stations.watching import disk_level

    asked = settings.ledger
    disk = disk_level(space_of(asked.url, asked.min_free_bytes, asked.reserve_bytes), settings.watch.disk_bytes)
    poll_s = {name: mailbox.poll_s for name, mailbox in settings.mailboxes.items()}
    accounts = {name: sink.account_id or name for name, sink in settings.sinks.items()}
    late_s = settings.canary.late_s if settings.canary else None
    try:
        with open_ledger(settings, busy_s=PATIENCE_S) as ledger:
            vitals, moment = ledger.vitals(answer_s=settings.watch.answer_s), time.time()
    except LedgerError as error:
        if isinstance(error, LedgerDamaged | LedgerRefused) or _is_missing(asked.url):
            raise
        return [Finding("ledger", "fail", str(error), "ledger_unusable")]
    found = list(findings(vitals, Watched(poll_s, accounts, disk, late_s), settings.watch, moment))
    return [*found, Finding("ledger", "ok", "answers", "ledger_unusable")]


def _is_missing(url: str) -> bool:
    return url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:///")).exists()
