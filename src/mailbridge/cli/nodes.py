"""`mailbridge nodes`: the processes that work on the ledger."""

from mailbridge.cli.common import CONFIG, ConfigOption, JsonOption, clock, emit, ledger_of, short

COLUMNS = (
    ("node", lambda row: short(row["id"], 40)),
    ("host", lambda row: row["host"]),
    ("pid", lambda row: str(row["pid"])),
    ("version", lambda row: row["version"]),
    ("started", lambda row: clock(row["started_at"])),
    ("seen", lambda row: f"{row['silent_s']:.0f} s ago"),
    ("mailboxes", lambda row: ", ".join(row["mailboxes"])),
)


def nodes(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """List the daemons that work on this ledger, and which mailboxes each of them holds."""
    with ledger_of(config) as ledger:
        emit(ledger.listings.nodes(), as_json=as_json, columns=COLUMNS)
