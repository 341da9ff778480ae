"""`mailbridge canary`: send one canary mail now, and wait until the daemon has read it."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, JsonOption, json_text, open_ledger, settings_of, tell
from mailbridge.sdk.errors import MailbridgeError

if TYPE_CHECKING:
    from mailbridge.ledger.ledger import Ledger

LOOK_S = 0.5


class NoCanary(MailbridgeError):  # noqa: N818 - says what is known
    """The configuration has no [canary]."""

    exit_code = 78


class NobodyReads(MailbridgeError):  # noqa: N818
    """No daemon works on the ledger."""

    exit_code = 69


def canary(
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
    wait_s: Annotated[
        float | None,
        typer.Option("--wait", min=1, metavar="SECONDS", help="Wait at most so long; else late_s of the table canary."),
    ] = None,
) -> None:
    """Send a canary mail and wait until it is read: exit 0 when it was, 75 when not, 69 or 77 when it can't be sent."""
    from mailbridge.observe.health import NODE_SILENT_S
    from mailbridge.stations.canary_mail import CanarySender

    settings = settings_of(config)
    if settings.canary is None:
        raise NoCanary(f"{config}: there is no [canary]; see mailbridge config example")
    with open_ledger(settings) as ledger:
        if not any(age <= NODE_SILENT_S for age in ledger.vitals().nodes.values()):
            raise NobodyReads("no daemon works on this ledger, so nobody would read it: start the service first")
        number = CanarySender(ledger, settings.canary, name=settings.alerts.name).send()
        tell(f"{settings.canary.host} took it; waiting until it is read")
        seconds = _awaited(ledger, number, wait_s or settings.canary.late_s)
    if as_json:
        print(json_text({"read": seconds is not None, "seconds": seconds}))
    else:
        print("not read" if seconds is None else f"read after {seconds:.1f} s")
    if seconds is None:
        tell("see where it is: is it in the mailbox? mailbridge health tells whether the mailbox is in sync")
        raise typer.Exit(75)


def _awaited(ledger: "Ledger", number: str, wait_s: float) -> float | None:
    deadline = time.monotonic() + wait_s
    while True:
        seconds = ledger.canaries.way_of(number)
        if seconds is not None or time.monotonic() >= deadline:
            return seconds
        time.sleep(LOOK_S)
