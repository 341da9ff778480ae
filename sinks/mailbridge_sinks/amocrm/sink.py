"""The sink: leads with their contacts by `leads/complex` or Unsorted, then notes, then tasks, each as one batch."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

import httpx

from mailbridge.sdk import (
    Delivery,
    Doubt,
    Manifest,
    Outcome,
    PlannedRequest,
    Receipt,
    RemoteState,
    Sent,
    SinkError,
    Steps,
    TokenStore,
    Unusable,
)
from mailbridge_sinks.amocrm.batch import Batch
from mailbridge_sinks.amocrm.client import API, UNREADABLE, AmocrmClient, claims_of, unreadable
from mailbridge_sinks.amocrm.config import AmocrmConfig
from mailbridge_sinks.amocrm.contacts import Contacts, rounds
from mailbridge_sinks.amocrm.mapping import LEAD, MAIN_STEPS, NOTE, TASK, UNSORTED, Element, Mapper
from mailbridge_sinks.amocrm.places import Places, look_up_places, look_up_users, planned_places, remarks, user_problem
from mailbridge_sinks.amocrm.readback import ReadBack
from mailbridge_sinks.amocrm.same_person import OpenLead, SamePeople
from mailbridge_sinks.amocrm.search import Search, lead_url

PATHS = {LEAD: "/leads/complex", UNSORTED: "/leads/unsorted/forms", NOTE: "/leads/notes", TASK: "/tasks"}


class AmocrmSink:
    """Writes interests into one amoCRM account."""

    manifest: ClassVar[Manifest] = Manifest(
        name="amocrm", title="amoCRM", docs="sinks/mailbridge_sinks/amocrm/README.md", evidence="reported"
    )
    Config: ClassVar[type[AmocrmConfig]] = AmocrmConfig
    max_batch: ClassVar[int] = 50
    max_read: ClassVar[int] = 200
    rate_per_s: ClassVar[float] = 7.0
    """Per integration (developers.kommo.com: limitations); repeated excess locks the whole account out."""

    def __init__(
        self, config: AmocrmConfig, *, tokens: TokenStore, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._config = config
        self._client = AmocrmClient(config, tokens, transport)
        self._memory = config.memory
        self._contacts = Contacts(self._client, self._memory.people, config.contact_pages)

    def check(self) -> None:
        """See `Sink.check`."""
        self._memory.forget()
        places = self._places()
        problems = list(places.problems)
        if self._config.responsible is not None and (problem := user_problem(self._config, self._users())):
            problems.append(problem)
        if problems:
            raise Unusable("; ".join(problems))

    def remarks(self) -> Sequence[str]:
        """Return what a person should know of an account that can work; `check --connect` prints it."""
        token = self._config.token
        ends = claims_of(token.get_secret_value()).get("exp") if token else None
        unseen = self._config.responsible is not None and not self._users()
        ends_at = float(ends) if isinstance(ends, (int, float)) else None
        return list(remarks(self._places(), ends_at, time.time(), unseen=unseen))

    def consent_page(self, state: str) -> str | None:
        """See `LogsIn.consent_page`; amoCRM and Kommo have a page each (oauth page)."""
        if not self._config.client_id:
            return None
        host = "www.kommo.com" if self._config.url.endswith(".kommo.com") else "www.amocrm.ru"
        return f"https://{host}/oauth?{urlencode({'client_id': self._config.client_id, 'state': state})}"

    def redeem(self, code: str) -> None:
        """See `LogsIn.redeem`."""
        self._client.redeem(code)

    def plan(self, deliveries: Sequence[Delivery]) -> Sequence[PlannedRequest]:
        """See `Sink.plan`."""
        mapper = Mapper(self._config, planned_places(self._config))
        own = [delivery for delivery in deliveries if self._config.open_of(delivery) is None]
        makers: dict[str, tuple[list[Delivery], Callable[[Delivery], Element]]] = {
            step: ([delivery for delivery in own if mapper.main_step(delivery) == step], maker)
            for step, maker in ((LEAD, lambda one: mapper.lead(one, None)), (UNSORTED, mapper.unsorted))
        }
        makers[NOTE] = (list(deliveries), lambda one: mapper.note(one, "<lead id>"))
        if self._config.task is not None:
            makers[TASK] = (list(deliveries), lambda one: mapper.task(one, "<lead id>"))
        return [
            PlannedRequest(step, "POST", API + PATHS[step], [maker(delivery) for delivery in chosen])
            for step, (chosen, maker) in makers.items()
            if chosen
        ]

    def find(self, doubts: Sequence[Doubt]) -> Mapping[str, Mapping[str, Receipt]]:
        """See `Sink.find`."""
        try:
            return Search(self._config, self._client, self._places()).find(doubts)
        except UNREADABLE:
            raise unreadable("a search", write=False) from None

    def copies(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """See `Counting.copies`."""
        try:
            return Search(self._config, self._client, self._places()).copies(keys)
        except UNREADABLE:
            raise unreadable("a search", write=False) from None

    def deliver(self, deliveries: Sequence[Delivery], steps: Steps) -> Sequence[Outcome]:
        """See `Sink.deliver`."""
        batch = Batch(deliveries, steps, self._client.prepare)
        if any(self._receipt(batch, delivery) is None for delivery in deliveries):
            try:
                self._write_all(batch, self._places())
            except SinkError as error:
                batch.halt(error)
        if batch.stale:
            self._memory.forget()
        return batch.outcomes(lambda delivery: self._receipt(batch, delivery))

    def read_back(self, receipts: Sequence[Sent], cursor: str | None) -> tuple[Sequence[RemoteState], str | None]:
        """See `ReadsBack.read_back`; the cursor is the latest change that was seen, in unix seconds."""
        try:
            return self._reader().states(receipts, cursor)
        except UNREADABLE:
            raise unreadable("a look at leads", write=False) from None

    def open_counts(self, users: Sequence[str]) -> Mapping[str, int]:
        """See `CountsOpen.open_counts`."""
        try:
            return self._reader().open_counts(users)
        except UNREADABLE:
            raise unreadable("a look at who has to do how much", write=False) from None

    def close(self) -> None:
        """See `Sink.close`."""
        self._client.close()

    def _places(self) -> Places:
        with self._memory.lock:
            places = self._memory.places
            if places is None:
                self._memory.places = places = look_up_places(self._config, self._client)
        return places

    def _reader(self) -> ReadBack:
        return ReadBack(self._config, self._client, self._places(), self._users())

    def _users(self) -> Mapping[int, str]:
        with self._memory.lock:
            users = self._memory.users
            if users is None:
                self._memory.users = users = look_up_users(self._client)
        return users

    def _write_all(self, batch: Batch, places: Places) -> None:
        places.own_key()
        mapper = Mapper(self._config, places)
        people = SamePeople(self._config, self._client, places)
        owners = _append(batch, people.before(batch.lacking(*MAIN_STEPS)))
        new = batch.lacking(*MAIN_STEPS)
        for group in rounds([one for one in new if mapper.main_step(one) == LEAD], places):
            _append(batch, people.beside(group))
            self._write_leads(batch, mapper, [one for one in group if batch.main_id(one) is None], places)
            for one in group:
                people.remember(one, batch.main_id(one) or "")
        forms = [one for one in batch.lacking(*MAIN_STEPS) if mapper.main_step(one) == UNSORTED]
        batch.write(UNSORTED, forms, lambda chosen: self._send_unsorted(mapper, chosen))
        self._write_children(batch, NOTE, "notes", mapper.note)
        if self._config.task is not None:
            self._write_children(
                batch, TASK, "tasks", lambda one, lead: mapper.task(one, lead, owners.get(batch.main_id(one) or ""))
            )

    def _write_leads(self, batch: Batch, mapper: Mapper, group: Sequence[Delivery], places: Places) -> None:
        known = self._known(group, places)

        def send(chosen: Sequence[Delivery]) -> Mapping[str, str]:
            elements = [mapper.lead(delivery, known[delivery.key]) for delivery in chosen]
            rows = _rows_of_complex(self._client.write(PATHS[LEAD], elements))
            for delivery in chosen:
                row = rows.get(delivery.key, {})
                if row.get("merged"):
                    batch.existed.add(delivery.key)
                if row.get("contact_id"):
                    batch.contacts[delivery.key] = str(row["contact_id"])
                    self._contacts.remember(delivery, int(row["contact_id"]), places)
            return {key: str(row["id"]) for key, row in rows.items()}

        batch.write(LEAD, group, send)

    def _known(self, group: Sequence[Delivery], places: Places) -> Mapping[str, int | None]:
        """Return delivery key → contact of its author, None = a new one."""
        if self._config.same_person == "new":
            return dict.fromkeys((delivery.key for delivery in group), None)
        return self._contacts.find(group, places)

    def _send_unsorted(self, mapper: Mapper, chosen: Sequence[Delivery]) -> Mapping[str, str]:
        body = self._client.write(PATHS[UNSORTED], [mapper.unsorted(delivery) for delivery in chosen])
        try:
            return {row["request_id"]: str(row["_embedded"]["leads"][0]["id"]) for row in body["_embedded"]["unsorted"]}
        except UNREADABLE:
            raise unreadable("new forms", write=True) from None

    def _write_children(self, batch: Batch, step: str, plural: str, make: Callable[[Delivery, int], Element]) -> None:
        """Write notes or tasks of leads that exist."""

        def send(chosen: Sequence[Delivery]) -> Mapping[str, str]:
            body = self._client.write(PATHS[step], [make(one, int(batch.main_id(one) or 0)) for one in chosen])
            try:
                return {row["request_id"]: str(row["id"]) for row in body["_embedded"][plural]}
            except UNREADABLE:
                raise unreadable(f"new {plural}", write=True) from None

        batch.write(step, batch.lacking(step), send)

    def _receipt(self, batch: Batch, delivery: Delivery) -> Receipt | None:
        """Return the receipt of a delivery whose steps are all done."""
        lead_id = batch.main_id(delivery)
        wanted = (NOTE, TASK) if self._config.task is not None else (NOTE,)
        if lead_id is None or not all(batch.has(delivery, step) for step in wanted):
            return None
        return Receipt(
            lead_id,
            lead_url(self._config, lead_id),
            created=delivery.key not in batch.existed,
            contact_id=batch.contacts.get(delivery.key) or batch.contact_before(delivery),
        )


def _append(batch: Batch, leads: Mapping[str, OpenLead]) -> dict[str, int | None]:
    """Put deliveries (by key) into leads that are there; return lead → who has it."""
    batch.adopt(LEAD, {key: lead.lead_id for key, lead in leads.items()})
    return {lead.lead_id: lead.owner for lead in leads.values()}


def _rows_of_complex(body: Any) -> dict[str, dict[str, Any]]:
    """Return request_id → row; the answer is a bare list with lists of request ids (leads-api page)."""
    try:
        return {str(row["request_id"][0]): row for row in body if row["id"]}
    except UNREADABLE:
        raise unreadable("new leads", write=True) from None
