"""A simulated month of interests, and what a report of it must say: counted in plain loops, not by the program."""

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from zoneinfo import ZoneInfo

from mailbridge.ledger.insert import insert_new
from mailbridge.ledger.schema import account, delivery, interest, mail, person, remote

ZONE = ZoneInfo("Europe/Berlin")  # its clocks go back on 2026-10-25
SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=ZONE), datetime(2026, 11, 1, tzinfo=ZONE)
BEFORE = datetime(2026, 9, 1, tzinfo=ZONE)
ANSWER_S = 7200.0
PLACES = [("vk", "social"), ("ok", "social"), ("tilda", "form"), ("yandex_business", "review"), ("email", "email")]
KINDS = ("comment", "like", "request", "review", "message", "order")
STAFF = ("Ольга Ким", "Пётр Ли", "Anna Berg", None)


@dataclass
class Told:
    """How one object in a CRM stands; answered_s = after the delivery."""

    found: bool = True
    processed: bool = False
    answered_s: float | None = None
    responsible: str | None = None


@dataclass
class One:
    """One interest of the month."""

    at: float
    kind: str = "comment"
    network: str = "vk"
    channel: str = "social"
    title: str | None = None
    product: str | None = None
    precision: str = "second"
    stored_s: float = 20.0
    person: int | None = None
    author: str | None = "Anna"
    assigned: str | None = None
    sinks: list[Told | None] = field(default_factory=list)

    @property
    def stored_at(self):
        return self.at + self.stored_s


def month(count, seed=1):
    """Return interests of two months, at random; a tenth of them in the hour that DST repeats."""
    chance = random.Random(seed)
    first, length = BEFORE.timestamp(), UNTIL.timestamp() - BEFORE.timestamp()
    doubled = datetime(2026, 10, 25, 1, 30, tzinfo=ZONE).timestamp()
    return [
        _one(chance, doubled + chance.random() * 7200 if number % 10 == 0 else first + chance.random() * length)
        for number in range(count)
    ]


def _one(chance, at):
    network, channel = chance.choice(PLACES)
    sinks = [_told(chance) for _ in range(chance.choice((0, 1, 1, 1, 1, 2)))]
    return One(
        at=at,
        kind=chance.choice(KINDS),
        network=network,
        channel=channel,
        title=chance.choice((None, "Wrong subject" if channel == "email" else f"Площадка {chance.randrange(200)}")),
        product=chance.choice((None, f"Торт {chance.randrange(30)}")),
        precision=chance.choice(("second", "minute", "received", "day")),
        stored_s=chance.choice((20.0, 60.0, 90_000.0)),
        person=chance.choice((None, chance.randrange(1, 800))),
        author=f"Author {chance.randrange(100)}",
        assigned=chance.choice((None, "17")),
        sinks=sinks,
    )


def _told(chance):
    if chance.random() < 0.2:
        return None
    answered = chance.choice((None, round(chance.expovariate(1 / 5000), 3)))
    processed = answered is not None and chance.random() < 0.5
    return Told(chance.random() < 0.9, processed, answered, chance.choice(STAFF))


def fill(database, ones, *, first=0, first_delivery=1):
    """Write interests into a ledger, as if they had been read, delivered and read back.

    Args:
        database: The ledger's.
        ones: The interests.
        first: Number of the first, when others were written before.
        first_delivery: Row of its delivery.

    Returns:
        The row of the next delivery.
    """
    deliveries, remotes, row = [], [], first_delivery
    for number, one in enumerate(ones, first):
        for place, told in enumerate(one.sinks):
            deliveries.append(_delivery(row, number, place, one))
            if told is not None:
                remotes.append(_remote(row, one, told))
            row += 1
    people = sorted({one.person for one in ones if one.person})
    with database.write() as connection:
        insert_new(connection, account, [{"id": "a0"}, {"id": "a1"}])
        insert_new(connection, person, [{"id": number, "created_at": 0.0} for number in people])
        for table, rows in (
            (mail, [_mail(number, one) for number, one in enumerate(ones, first)]),
            (interest, [_interest(number, one) for number, one in enumerate(ones, first)]),
            (delivery, deliveries),
            (remote, remotes),
        ):
            if rows:
                connection.execute(table.insert(), rows)
    return row


def _mail(number, one):
    known = {"size": 1, "state": "parsed", "backlog": False, "before_ledger": False}
    return {"id": f"{number:064}", "stored_at": one.stored_at, **known}


def _interest(number, one):
    body = {
        "source": {"title": one.title},
        "product": {"name": one.product, "url": None},
        "occurred_at_precision": one.precision,
        "text": "secret words of a customer",
    }
    return {
        "id": f"in1-{number}", "mail_id": f"{number:064}", "position": 0, "kind": one.kind, "channel": one.channel,
        "network": one.network, "author": one.author, "occurred_at": one.at, "created_at": one.stored_at,
        "body": json.dumps(body, ensure_ascii=False), "person_id": one.person,
    }  # fmt: skip


def _delivery(row, number, place, one):
    return {
        "id": row, "key": f"mb1-{number}", "interest_id": f"in1-{number}", "sink": f"s{place}",
        "account_id": f"a{place}", "fresh": True, "state": "delivered", "due": 0.0, "responsible": one.assigned,
        "created_at": one.stored_at, "updated_at": one.stored_at,
    }  # fmt: skip


def _remote(row, one, told):
    answer = None if told.answered_s is None else one.stored_at + told.answered_s
    return {
        "delivery_id": row, "read_at": one.stored_at, "found": told.found, "processed": told.processed,
        "processed_at": answer if told.processed else None, "first_answer_at": answer, "responsible": told.responsible,
    }  # fmt: skip


class Truth:
    """What is true of interests within a period."""

    def __init__(self, ones, since=SINCE, until=UNTIL, before=BEFORE, *, answer_s=ANSWER_S, now=1.8e9):
        self.now, self.answer_s = now, answer_s
        self.own = [one for one in ones if since.timestamp() <= one.at < until.timestamp()]
        self.before = [one for one in ones if before.timestamp() <= one.at < since.timestamp()]

    def standing(self, one):
        told = [sink for sink in one.sinks if sink is not None]
        if any(sink.answered_s is not None or sink.processed for sink in told):
            return "answered"
        if not any(sink.found for sink in told):
            return "unknown"
        return "overdue" if self.answer_s and self.now - one.stored_at >= self.answer_s else "waiting"

    def wait_s(self, one):
        answers = [sink.answered_s for sink in one.sinks if sink is not None and sink.answered_s is not None]
        if not answers:
            return None
        from_storing = one.precision == "day" or one.stored_s > 86_400
        return min(answers) if from_storing else min(answers) + one.stored_s

    def late(self, one):
        answers = [sink.answered_s for sink in one.sinks if sink is not None and sink.answered_s is not None]
        return bool(answers and self.answer_s and min(answers) > self.answer_s)

    def numbers(self, ones, before):
        standings = Counter(map(self.standing, ones))
        waits = sorted(wait for wait in map(self.wait_s, ones) if wait is not None)
        return {
            "interests": len(ones),
            "before": before,
            **{name: standings[name] for name in ("answered", "waiting", "overdue", "unknown")},
            "late": sum(map(self.late, ones)),
            "p50_s": _nearest(waits, 50),
            "p95_s": _nearest(waits, 95),
        }

    def total(self):
        return self.numbers(self.own, len(self.before))

    def by(self, value):
        own, before = {}, Counter(map(value, self.before))
        for one in self.own:
            own.setdefault(value(one), []).append(one)
        return {name: self.numbers(own.get(name, []), before[name]) for name in own.keys() | before.keys()}

    def hours(self):
        counts = Counter(self.local(one).hour for one in self.own if one.precision != "day")
        return [counts[hour] for hour in range(24)]

    def weekdays(self):
        counts = Counter(self.local(one).weekday() for one in self.own)
        return [counts[day] for day in range(7)]

    def days(self):
        return Counter(self.local(one).date().isoformat() for one in self.own)

    def local(self, one):
        return datetime.fromtimestamp(one.at, ZONE)

    def people(self):
        counts = Counter(one.person for one in self.own if one.person is not None)
        several = [count for count in counts.values() if count > 1]
        return {"known": len(counts), "repeat": len(several), "interests": sum(several)}


def responsible_of(one):
    """Return whose an interest is: the first that a CRM names; as assigned where none was read back."""
    for sink in one.sinks:
        name = one.assigned if sink is None else sink.responsible
        if name:
            return name
    return ""


def place_of(one):
    return "" if one.channel in {"email", "chat"} else one.title or ""


VALUES = {
    "channel": lambda one: one.channel,
    "network": lambda one: one.network,
    "kind": lambda one: one.kind,
    "source": place_of,
    "product": lambda one: one.product or "",
    "responsible": responsible_of,
}


def _nearest(values, percent):
    return values[max(0, ceil(len(values) * percent / 100) - 1)] if values else None
