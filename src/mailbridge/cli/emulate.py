"""`mailbridge emulate`: one CRM emulator in the foreground."""

from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbridge.cli.common import UsageProblem, needs_testing_extra, tell

if TYPE_CHECKING:
    from mailbridge.testing.emulator import Emulator


class Crm(StrEnum):
    """CRMs that can be emulated."""

    amocrm = "amocrm"
    bitrix24 = "bitrix24"
    salesforce = "salesforce"
    hubspot = "hubspot"
    pipedrive = "pipedrive"
    odoo = "odoo"
    espocrm = "espocrm"
    bottlecrm = "bottlecrm"


def emulate(
    crm: Annotated[Crm, typer.Argument(help="Which CRM.")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 = any free one.")] = 0,
    journal: Annotated[
        Path | None, typer.Option("--journal", metavar="FILE", help="Write every request there, one JSON line each.")
    ] = None,
    delay_s: Annotated[
        float, typer.Option("--delay", metavar="SECONDS", min=0, max=60, help="How long every answer takes.")
    ] = 0.0,
) -> None:
    """Emulate a CRM on this machine, for tries and tests; Ctrl-C ends it."""
    import os
    import socket

    needs_testing_extra()
    import uvicorn

    from mailbridge.testing.server import settings

    emulator = _made(crm, journal)
    emulator.delay_s = delay_s
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise UsageProblem(f"port {port} can't be used: {why}; --port 0 takes a free one") from None
    with listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        path = f"/rest/1/{emulator.token}/" if crm is Crm.bitrix24 else ""
        tell(f"{crm.value} at {address}{path}  token: {emulator.token}")
        tell(
            f"look:  {address}/_emulator/ (a page), …/keys …/cards …/journal;  POST {address}/_emulator/faults, …/reset"
        )
        with suppress(KeyboardInterrupt):  # the way to end it; uvicorn hands it on when it has finished
            uvicorn.Server(settings(emulator)).run(sockets=[listener])


def _made(crm: Crm, journal: Path | None) -> "Emulator":
    from mailbridge.testing.amocrm import AmocrmEmulator
    from mailbridge.testing.bitrix24 import Bitrix24Emulator
    from mailbridge.testing.bottlecrm import BottlecrmEmulator
    from mailbridge.testing.espocrm import EspocrmEmulator
    from mailbridge.testing.hubspot import HubspotEmulator
    from mailbridge.testing.odoo import OdooEmulator
    from mailbridge.testing.pipedrive import PipedriveEmulator
    from mailbridge.testing.salesforce import SalesforceEmulator

    kinds: dict[Crm, type[Emulator]] = {
        Crm.amocrm: AmocrmEmulator,
        Crm.bitrix24: Bitrix24Emulator,
        Crm.salesforce: SalesforceEmulator,
        Crm.hubspot: HubspotEmulator,
        Crm.pipedrive: PipedriveEmulator,
        Crm.odoo: OdooEmulator,
        Crm.espocrm: EspocrmEmulator,
        Crm.bottlecrm: BottlecrmEmulator,
    }
    emulator = kinds[crm](journal=journal)
    if isinstance(emulator, Bitrix24Emulator):
        emulator.switches.limited = True
    return emulator
