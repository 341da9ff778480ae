"""Checks every commit and every request against the invariants of design.md §7, as they happen."""

from mailbridge.pipeline.delivery import FRESH_S
from simulation.points import Alarm
from simulation.snapshot import EMPTY, OPEN, taken


class Auditor:
    """Stands beside the program: reads the database and the CRMs, never the program's own words.

    Attributes:
        lenient: A process may stand still between the last check and the write: what follows from that is allowed
            when the ledger lists it as a suspect.
    """

    def __init__(self, world, *, lenient=False):
        self._world = world
        self.lenient = lenient
        self.last = EMPTY
        self._held = {}

    def look(self):
        """Take what is in the ledger as known, without judging how it came there."""
        self.last = taken(self._world.storage)

    def committed(self):
        """Judge what the running actor has just committed."""
        old, new = self.last, taken(self._world.storage)
        self.last = new
        for row_id, row in new.deliveries.items():
            before = old.deliveries.get(row_id)
            if before is not None and before != row:
                self._changed(before, row, old, new)
        self._steps(old, new)
        for mail_id, row in new.mails.items():
            self._settled(old.mails.get(mail_id), row, new)
        for place, row in new.cursors.items():
            before = old.cursors.get(place)
            if before is None or before["last_uid"] != row["last_uid"]:
                self._cursor(row, new)

    def may_write(self, crm, key, step, timeout_s):
        """Judge a request that is about to leave (I4)."""
        state = self.last
        row = next((one for one in state.deliveries.values() if one["key"] == key), None)
        intent = None if row is None else state.steps.get((row["id"], step))
        now = self._world.clock()
        if row is None or intent is None or intent["state"] != "writing":
            raise Alarm("I4", f"{crm.name} gets {step} of a delivery without a durable intent")
        if self._world.process.in_transaction():
            raise Alarm("I4", "a transaction is open during a request")
        mine = self._held.get(self._world.actor, {}).get(row["id"])
        if not row["fence"] == intent["fence"] == mine:
            raise Alarm("I4", f"the intent of {step} has fence {intent['fence']}, the row {row['fence']}, we {mine}")
        if row["state"] != "sending" or row["lease_until"] < now + timeout_s:
            raise Alarm("I4", f"{step}: the lease ends in {row['lease_until'] - now:.1f} s, state {row['state']}")
        if now - intent["sent_at"] > FRESH_S:
            raise Alarm("I4", f"{step}: the intent is {now - intent['sent_at']:.1f} s old")

    def double(self, crm, thing):
        """Judge a second object of one delivery (I2)."""
        if not self.lenient:
            raise Alarm("I2", f"{crm.name} has {thing.step} of {thing.interest} twice")

    def _changed(self, before, row, old, new):
        if row["fence"] < before["fence"]:
            raise Alarm("I9", "a fence went back")
        if row["fence"] > before["fence"]:
            self._taken(before, row, new)
        elif not self._may_change(before, row):
            raise Alarm("I9", f"an old fence changed a delivery: {before['state']} → {row['state']}")
        if before["state"] == "sending" and row["state"] == "ready" and row["fence"] == before["fence"]:
            self._not_written(row, old)
        if before["state"] == "doubt" and row["state"] == "ready" and row["fence"] == before["fence"]:
            self._searched(before, old)
        if row["state"] == "delivered" != before["state"]:
            self._delivered(row)

    def _may_change(self, before, row):
        actor = self._world.actor
        if self._held.get(actor, {}).get(row["id"]) == row["fence"]:
            return True
        now = self._world.clock()
        if (before["state"], row["state"]) == ("waiting", "ready") and before["due"] <= now:
            return True
        rescued = before["state"] == "sending" and before["lease_until"] <= now
        changed = {name for name in row if row[name] != before[name]}
        if changed == {"fresh"}:
            return True  # the reader: news of what waited in a backlog; no claim holds that
        freed = changed <= {"lease_until"} and before["owner"] not in self._world.living_nodes()
        return freed or (rescued and row["state"] in {"ready", "doubt"})

    def _taken(self, before, row, new):
        if self._world.process is None:
            return  # a person
        self._held.setdefault(self._world.actor, {})[row["id"]] = row["fence"]
        now = self._world.clock()
        if before["owner"] is not None and before["lease_until"] > now:
            raise Alarm("I9", "a delivery was taken whose lease lives")
        if row["state"] == "sending":
            self._heads_its_lane(row, new)

    def _heads_its_lane(self, row, new):
        for other in new.deliveries.values():
            same = (other["account_id"], other["lane"]) == (row["account_id"], row["lane"])
            if row["lane"] is not None and same and other["id"] < row["id"] and other["state"] in OPEN:
                raise Alarm("lane", f"delivery {row['id']} overtakes {other['id']}, which is {other['state']}")

    def _not_written(self, row, old):
        held = self._held.get(self._world.actor, {}).get(row["id"]) == row["fence"]
        if old.open_steps(row["id"]) and not held:
            raise Alarm("I5", "a delivery with an open intent is ready again without a search")

    def _searched(self, before, old):
        crm = self._world.crm_of(before["account_id"])
        now = self._world.clock()
        for step in old.open_steps(before["id"]):
            if now < step["sent_at"] + crm.quiet_s:
                raise Alarm("I5", f"a doubt ended {now - step['sent_at']:.1f} s after its intent")
            if crm.searched.get(before["key"], 0.0) < step["sent_at"] + crm.quiet_s:
                raise Alarm("I5", "a doubt ended without a search that worked, after the quiet period")

    def _delivered(self, row):
        crm = self._world.crm_of(row["account_id"])
        for step in crm.steps:
            if not crm.exists(row["key"], step):
                raise Alarm("I3", f"delivered, but {crm.name} has no {step}")

    def _steps(self, old, new):
        if self._world.process is None:
            return
        held = self._held.get(self._world.actor, {})
        for key in old.steps.keys() | new.steps.keys():
            before, after = old.steps.get(key), new.steps.get(key)
            if before != after and held.get(key[0]) != new.deliveries[key[0]]["fence"]:
                raise Alarm("I9", f"an old fence changed step {key[1]}")

    def _settled(self, before, row, new):
        if before is None or before["state"] != "stored" or row["state"] != "parsed":
            return
        told = self._world.expected_of(row["id"])
        there = {(one["interest_id"], one["account_id"]) for one in new.deliveries.values()}
        if missing := told - there:
            raise Alarm("I1", f"a mail is settled without {len(missing)} of its deliveries")

    def _cursor(self, row, new):
        """I6: what was listed before this look began and lies below the cursor is stored."""
        folder = self._world.server.folders[row["uidvalidity"]]
        for uid, place in folder.items():
            seen = place.shown is not None and place.shown <= self._world.process.looked_at and place.gone is None
            if seen and uid <= row["last_uid"] and (row["mailbox"], row["uidvalidity"], uid) not in new.places:
                raise Alarm("I6", f"the cursor is at {row['last_uid']}, mail {uid} is not stored")
