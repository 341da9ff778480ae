"""What healthy means: not that a process runs, but that the mailbox was proven in sync a moment ago. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

NODE_SILENT_S = 60.0
"""A daemon writes a sign of life every 10 s; silent for so long it hangs or is gone."""

SYNC_SLACK_S = 300.0
"""A mailbox may be out of sync for this long beyond its poll interval: reconnects take their time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is well or not."""

    what: str
    ok: bool
    about: str


@dataclass(frozen=True, slots=True)
class Vitals:
    """Ages in seconds, as the ledger's clock sees them.

    Attributes:
        nodes: Node → since its last sign of life.
        mailboxes: Mailbox → since it was last proven in sync; None = never.
        accounts: Account → why it needs a person, None when it does not.
        waiting: Deliveries that are not final.
        held: Sources whose new layout waits in quarantine.
    """

    nodes: Mapping[str, float]
    mailboxes: Mapping[str, float | None]
    accounts: Mapping[str, str | None]
    waiting: int
    held: Sequence[str] = ()


def findings(vitals: Vitals, poll_s: Mapping[str, float], accounts: Sequence[str]) -> Iterator[Finding]:
    """Yield what there is to say about the daemon, each configured mailbox and each account."""
    alive = [age for age in vitals.nodes.values() if age <= NODE_SILENT_S]
    about = f"{len(alive)} alive, last sign of life {min(alive):.0f} s ago" if alive else "none runs on this ledger"
    yield Finding("daemon", bool(alive), about)
    for name, interval_s in poll_s.items():
        age = vitals.mailboxes.get(name)
        fine = age is not None and age <= interval_s + SYNC_SLACK_S
        yield Finding(f"mailbox {name}", fine, "never in sync" if age is None else f"proven in sync {age:.0f} s ago")
    for account in accounts:
        reason = vitals.accounts.get(account)
        yield Finding(f"account {account}", reason is None, reason or "usable")
    if vitals.held:
        about = f"changed, waiting in quarantine: {', '.join(vitals.held)}; see mailbridge layouts"
        yield Finding("layouts", True, about)  # a person is wanted, and the daemon works
    yield Finding("deliveries", True, f"{vitals.waiting} not final")
