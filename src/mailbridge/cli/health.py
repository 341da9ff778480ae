"""`mailbridge health`: for Docker, cron and people."""

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, JsonOption, json_text, open_ledger, settings_of


def health(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Say whether the daemon works: exit 0 when all is well, 69 when not. Asks only the ledger."""
    from dataclasses import asdict

    from mailbridge.ledger.space import space_of
    from mailbridge.observe.health import Finding, findings

    settings = settings_of(config)
    with open_ledger(settings) as ledger:
        vitals = ledger.vitals()
    poll_s = {name: mailbox.poll_s for name, mailbox in settings.mailboxes.items()}
    accounts = [sink.account_id or name for name, sink in settings.sinks.items()]
    room = space_of(settings.ledger.url, settings.ledger.min_free_bytes, settings.ledger.reserve_bytes)
    found = [*findings(vitals, poll_s, accounts), Finding("disk", *room.outlook())]
    for one in found:
        if as_json:
            print(json_text(asdict(one)))
        else:
            print(f"{'ok  ' if one.ok else 'FAIL'} {one.what}: {one.about}")
    if not all(one.ok for one in found):
        raise typer.Exit(69)
