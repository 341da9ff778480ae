"""What `mailbridge doctor` asks of the ledger, the mailboxes and the CRMs, by reading only."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from mailbridge.cli.check import Finding, mail_server_findings, mailbox_finding, sink_finding
from mailbridge.cli.doctor_machine import Diagnosis, fine
from mailbridge.sdk.errors import MailbridgeError

if TYPE_CHECKING:
    from mailbridge.config import Settings
    from mailbridge.ledger.ledger import Ledger

SKEW_S = 30.0
USEFUL = ("IDLE", "MOVE", "UIDPLUS", "CONDSTORE", "QUOTA")
"""What a server may be able to do that we would use, or a person would want to know."""


def sides(settings: "Settings", ledger: "Ledger | None") -> Iterator[Diagnosis]:
    """Yield what there is to say about ledger, mailboxes, CRMs and servers that send mails for us."""
    if ledger is not None:
        yield from _ledger(ledger)
    for name, box in settings.mailboxes.items():
        found = _of(mailbox_finding(name, settings))
        yield found
        if found.state == "ok" and box.type == "imap":
            yield from _capabilities(name, settings, ledger)
        if ledger is not None:
            yield from _trust(name, settings, ledger)
    for name in settings.sinks:
        yield _of(sink_finding(name, settings))
        yield from _clock(name, settings)
    yield from map(_of, mail_server_findings(settings))


def _of(found: Finding) -> Diagnosis:
    if found["ok"]:
        return fine(found["what"], found["about"])
    return Diagnosis(found["what"], "fail", found["about"], exit_code=found["exit_code"])  # it says itself what to do


def _ledger(ledger: "Ledger") -> Iterator[Diagnosis]:
    from mailbridge.ledger.figures import is_sound

    damage = is_sound(ledger.database)
    counts = ledger.listings.counts()
    told = ", ".join(f"{sum(states.values()):,} {what}" for what, states in counts.items())
    yield (
        Diagnosis("ledger", "fail", damage, exit_code=65) if damage else fine("ledger", f"its pages are sound; {told}")
    )
    yield from _held_up(counts)
    yield _daemon(ledger)
    yield from _clocks(ledger)


def _held_up(counts: dict[str, dict[str, int]]) -> Iterator[Diagnosis]:
    waits = {
        "quarantine": (counts["mails"].get("quarantined", 0), "mails wait for a person", "mailbridge quarantine list"),
        "dead letters": (counts["deliveries"].get("dead", 0), "deliveries wait for a person",
                         "mailbridge deliveries list --state dead"),
    }  # fmt: skip
    for what, (count, about, do) in waits.items():
        yield Diagnosis(what, "warn", f"{count:,} {about}", f"see {do}") if count else fine(what, "empty")


def _daemon(ledger: "Ledger") -> Diagnosis:
    from mailbridge.observe.health import NODE_SILENT_S

    nodes = [row for row in ledger.listings.nodes() if row["silent_s"] <= NODE_SILENT_S]
    if nodes:
        return fine(
            "daemon", ", ".join(f"{row['id']} with mailboxes {', '.join(row['mailboxes']) or '-'}" for row in nodes)
        )
    return Diagnosis("daemon", "warn", "none works on this ledger now", "start it: mailbridge run, or systemctl start")


def _clocks(ledger: "Ledger") -> Iterator[Diagnosis]:
    """Tell what the daemon has measured lately, at servers that tell no time to a stranger."""
    for server, skew in ledger.vitals().measured.clocks.items():
        if not server.startswith("sink "):
            yield _judged(skew, server)


def _capabilities(name: str, settings: "Settings", ledger: "Ledger | None") -> Iterator[Diagnosis]:
    from mailbridge.mailbox.imap import ImapMailbox
    from mailbridge.mailbox.opening import open_mailbox, token_owner

    box = settings.mailboxes[name]
    mailbox = open_mailbox(name, box, tokens=ledger.tokens(token_owner(name)) if ledger else None)
    try:
        able = mailbox.capabilities() if isinstance(mailbox, ImapMailbox) else ()
    except MailbridgeError:
        return  # it was there a moment ago; the finding before says how to ask again
    finally:
        mailbox.close()
    missing = [one for one in USEFUL if one not in able]
    about = f"it can {', '.join(one for one in USEFUL if one in able) or 'nothing beyond the standard'}"
    lacks = f"; not {', '.join(missing)}" if missing else ""
    late = "" if "IDLE" in able else f": new mail is found by looking every {box.poll_s:g} s"
    yield fine(f"mailbox {name} server", about + lacks + late)


def _trust(name: str, settings: "Settings", ledger: "Ledger") -> Iterator[Diagnosis]:
    from mailbridge.app import receivers
    from mailbridge.stations.learning import learn_from

    learned = learn_from(ledger, name, receivers(settings)[name])
    if not learned.mails:
        yield fine(f"trust {name}", "no mail yet to learn from")
        return
    about = f"{learned.mails} mails, profile {learned.profile or 'none fits'}"
    about += f"; configured: {learned.configured or '-'}"
    if learned.advice:
        yield Diagnosis(f"trust {name}", "warn", about, " ".join(learned.advice))
    else:
        yield fine(f"trust {name}", about)


def _clock(name: str, settings: "Settings") -> Iterator[Diagnosis]:
    """A CRM tells its time with every answer (RFC 9110 §6.6.1), also with a refusal."""
    server = _server_of(settings.sinks[name])
    skew = _skew(server) if server else None
    if server is None or skew is None:
        return  # a file has no clock; a server that can't be reached has its finding already
    host = server.partition("://")[2]
    yield _judged(skew, host)


def _judged(skew: float, server: str) -> Diagnosis:
    about = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} {server}"
    if abs(skew) > SKEW_S:
        return Diagnosis("clock", "fail", about, "let NTP set the clock (timedatectl set-ntp true)", 69)
    return fine("clock", about)


def _server_of(sink: Any) -> str | None:
    url = getattr(sink, "url", None)
    text = url.get_secret_value() if isinstance(url, SecretStr) else str(url or "")
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else None


def _skew(server: str) -> float | None:
    from mailbridge.sdk import CrmClient, SinkError

    http = CrmClient(server, timeout_s=10)
    try:
        said = http.send("HEAD", "/", write=False).headers.get("Date", "")
        return time.time() - parsedate_to_datetime(said).timestamp()
    except (SinkError, ValueError, TypeError):
        return None
    finally:
        http.close()
