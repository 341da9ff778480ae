"""The end of a run: all becomes final within bounded time, and nothing is lost, doubled or told."""

import hashlib
import json
from collections import Counter

from mailbridge.ledger.raws import unpack
from simulation.crm import TOKEN
from simulation.points import Violation
from simulation.process import PASSWORD

PATIENCE_S = 12 * 3600.0
"""I10: so long may everything take to become final once nothing goes wrong any more."""

LONGEST_WAIT_S = 600.0

NEVER_SHOWN = (TOKEN, PASSWORD, "words of", "@example.org")


def settle(world):
    """Let time pass until nothing waits."""
    deadline = world.clock.now + PATIENCE_S
    world.boot_all()
    looks = idle = 0
    while world.clock.now < deadline:
        worked = world.turn()
        looks += 1
        idle = 0 if worked else idle + 1
        if worked:
            continue
        left_s = wait_s(world)
        if left_s is None and looks > 1:
            return
        world.clock.pass_(max(left_s or 0.5, min(idle * idle, LONGEST_WAIT_S)))
        world.boot_all()
    raise Violation("I10", f"after {PATIENCE_S / 3600:.0f} h without faults these wait: {_open(world)}")


def check(world):
    """Check I1, I2, I3, I7, I8, I11 and I12 at the end."""
    world.auditor.look()
    _mails(world)
    _deliveries(world)
    _doubles(world)
    _counters(world)
    if world.server.writes:
        raise Violation("I8", f"the mailbox was changed: {world.server.writes[0]}")
    _logs(world)


def _ledger(world):
    return next(one.ledger for one in world.processes.values() if not one.dead)


def wait_s(world):
    """Return the seconds until something becomes due in the ledger, None when nothing will."""
    state = world.auditor.last
    now = world.clock()
    moments = [row["due"] for row in state.deliveries.values() if row["state"] in {"ready", "waiting", "doubt"}]
    moments += [row["lease_until"] for row in state.deliveries.values() if row["state"] in {"sending", "doubt"}]
    waits = [moment - now for moment in moments if moment > now]
    if any(row["state"] == "stored" for row in state.mails.values()) or (moments and not waits):
        return 1.0
    return max(0.5, min(waits)) if waits else None


def _open(world):
    return dict(Counter(row["state"] for row in world.auditor.last.deliveries.values()))


def _mails(world):
    state = world.auditor.last
    uidvalidity = world.server.uidvalidity
    for uid in world.server.uids():
        raw = world.server.places[uid].raw
        place = state.places.get(("box", uidvalidity, uid))
        if place is None or place["mail_id"] != hashlib.sha256(raw).hexdigest():
            raise Violation("I1", f"mail {uid} of folder {uidvalidity} is not stored")
    for row in world.storage.rows("SELECT mail_id, codec, body FROM raw"):
        if unpack(row["codec"], row["body"]) != world.raws.get(row["mail_id"]):
            raise Violation("I7", "raw bytes have changed")
    for mail_id, row in state.mails.items():
        if row["state"] not in {"parsed", "quarantined"}:
            raise Violation("I10", f"mail {mail_id[:8]} is {row['state']}")


def _deliveries(world):
    state = world.auditor.last
    rows = {(row["interest_id"], row["account_id"]): row for row in state.deliveries.values()}
    for mail_id, mail in state.mails.items():
        for interest, account in world.expected_of(mail_id) if mail["state"] == "parsed" else ():
            row = rows.get((interest, account))
            if row is None:
                raise Violation("I1", f"an interest never got its delivery to {account}")
            _delivered(world, row)


def _delivered(world, row):
    crm = world.crm_of(row["account_id"])
    if row["state"] in {"dead", "cancelled"} and row["key"] in world.by_hand:
        return
    if row["state"] != "delivered":
        raise Violation("I10", f"a delivery ends {row['state']}: {row['reason']}")
    for step in crm.steps:
        count = len(crm.has(row["interest_id"], step))
        if count == 0:
            raise Violation("I3", f"delivered, but {crm.name} has no {step}")


def _doubles(world):
    """I2; where a process stood still after its last check, every second object must be a listed suspect."""
    suspects = {row["remote_id"] for row in world.storage.rows("SELECT remote_id FROM suspect")}
    for crm in world.crms:
        per_step = Counter((one.interest, one.step) for one in crm.things)
        for (interest, step), count in per_step.items():
            ids = {one.id for one in crm.has(interest, step)}
            if count > 1 and (not world.auditor.lenient or not ids & suspects):
                raise Violation(
                    "I2", f"{crm.name} has {step} of one interest {count} times, suspects: {ids & suspects}"
                )


def _counters(world):
    ledger, state = _ledger(world), world.auditor.last
    counts = ledger.listings.counts()
    for name, rows in (("mails", state.mails), ("deliveries", state.deliveries)):
        if counts[name] != dict(Counter(row["state"] for row in rows.values())):
            raise Violation("I11", f"counted {name}: {counts[name]}")
    if ledger.waiting().total or ledger.vitals().waiting:
        raise Violation("I11", "something is counted as waiting, and nothing waits")


def _logs(world):
    for entry in world.logs:
        line = json.dumps(entry, default=str, ensure_ascii=False)
        for word in NEVER_SHOWN:
            if word in line:
                raise Violation("I12", f"a log line shows {word!r}: {entry['event']}")
