"""`mailbridge alert`: try the targets, and see what was told."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from mailbridge.cli.common import (
    CONFIG,
    ConfigOption,
    JsonOption,
    LimitOption,
    SinceOption,
    clock,
    emit,
    json_text,
    ledger_of,
    moment,
    settings_of,
)
from mailbridge.sdk.errors import MailbridgeError

if TYPE_CHECKING:
    from mailbridge.ledger.alerts import Alert

app = typer.Typer(help="Alerts: try the targets, see what was told.", no_args_is_help=True)


class NoTargets(MailbridgeError):  # noqa: N818 - says what is known
    """The configuration names nobody to tell."""

    exit_code = 78


COLUMNS = (
    ("since", lambda row: clock(row["since"])),
    ("over", lambda row: clock(row["over"]) if row["over"] else ("-" if row["event"] else "lasts")),
    ("kind", lambda row: row["kind"]),
    ("subject", lambda row: row["subject"]),
    ("told", lambda row: f"{row['told']}"),
    ("about", lambda row: row["about"]),
)


@app.command("test")
def try_targets(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Send one message to every target: exit 0 when all took it, 69 when one did not, 78 when there is none."""
    import time

    from mailbridge.observe.notifying import problem, refusal, shown
    from mailbridge.stations.alerting import trial

    settings = settings_of(config, with_recipes=False)
    urls = [url.get_secret_value() for url in settings.alerts.urls]
    if not urls:
        raise NoTargets(f"{config}: [alerts] urls names nobody; see mailbridge config example")
    codes = [0]
    for url in urls:
        if wrong := problem(url):
            code, about = 78, wrong
        elif why := refusal(url, *trial(settings.alerts, time.time())):
            code, about = 69, f"took nothing: {why}"
        else:
            code, about = 0, "took it"
        codes.append(code)
        row = {"target": shown(url), "ok": code == 0, "about": about}
        print(json_text(row) if as_json else f"{'FAIL' if code else 'ok  '} {row['target']}: {about}")
    if max(codes):
        raise typer.Exit(max(codes))


@app.command("list")
def list_alerts(
    config: ConfigOption = CONFIG, as_json: JsonOption = False, since: SinceOption = None, limit: LimitOption = 50
) -> None:
    """List what was wrong, newest first; what lasts is always there."""
    with ledger_of(config) as ledger:
        rows = [_row(one) for one in ledger.alerts.latest(limit, moment(since))]
    emit(rows, as_json=as_json, columns=COLUMNS)


def _row(one: "Alert") -> dict[str, Any]:
    return {
        "kind": one.kind,
        "subject": one.subject,
        "about": one.about,
        "since": _time(one.since),
        "over": _time(one.over_at),
        "event": one.event,
        "told": len(one.told),
    }


def _time(value: float | None) -> str | None:
    return None if value is None else datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
