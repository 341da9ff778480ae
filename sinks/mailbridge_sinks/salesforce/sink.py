"""The Salesforce sink: `lead`, then `task`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

import httpx
from pydantic import BaseModel

from mailbridge.sdk import (
    Delivered,
    Delivery,
    Doubt,
    Manifest,
    Outcome,
    PlannedRequest,
    Receipt,
    Refused,
    Rejected,
    RemoteState,
    Sent,
    SinkError,
    Steps,
    TokenStore,
    make_each,
    outcome_of,
)
from mailbridge_sinks.salesforce.answers import Refusal, Written, meaning
from mailbridge_sinks.salesforce.check import prove
from mailbridge_sinks.salesforce.client import MAX_RECORDS, SalesforceClient, bulk
from mailbridge_sinks.salesforce.config import SalesforceConfig, TaskConfig
from mailbridge_sinks.salesforce.mapping import Record, lead_record, task_record
from mailbridge_sinks.salesforce.readback import ReadBack
from mailbridge_sinks.salesforce.search import Search

LEAD, TASK = "lead", "task"

Send = Callable[[Sequence[Record]], list[Written | Refusal]]
Results = dict[str, Written | Outcome]
Answers = dict[str, Written | Refusal | Outcome]


class SalesforceSink:
    """One Salesforce org; implements `mailbridge.sdk.Sink`.

    Leads are upserted by a unique External Id that holds the delivery's key, so that the same request twice makes
    one lead. An upsert would overwrite what managers changed since: leads that exist already are looked up first and
    left alone.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="salesforce", title="Salesforce", docs="sinks/mailbridge_sinks/salesforce/README.md"
    )
    Config: ClassVar[type[BaseModel]] = SalesforceConfig
    max_batch: ClassVar[int] = MAX_RECORDS
    max_read: ClassVar[int] = MAX_RECORDS
    rate_per_s: ClassVar[float] = 5.0

    def __init__(
        self, config: SalesforceConfig, *, tokens: TokenStore, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._config = config
        self._client = SalesforceClient(config, tokens, transport)
        self._search = Search(config, self._client)
        self._read_back = ReadBack(config, self._client)

    def check(self) -> None:
        """Compare the org's description with the settings; see `prove`."""
        prove(self._config, self._client)

    def plan(self, deliveries: Sequence[Delivery]) -> Sequence[PlannedRequest]:
        """Return the writing requests; the look-up of existing leads comes before them."""
        if not deliveries:
            return []
        leads = [lead_record(self._config, delivery) for delivery in deliveries]
        planned = [PlannedRequest(LEAD, "PATCH", self._client.upsert_path(), bulk(leads))]
        if self._config.task:
            tasks = [task_record(self._config, self._config.task, delivery, "<lead id>") for delivery in deliveries]
            planned.append(PlannedRequest(TASK, "POST", self._client.create_path(), bulk(tasks)))
        return planned

    def find(self, doubts: Sequence[Doubt]) -> Mapping[str, Mapping[str, Receipt]]:
        """Search leads by the key field, tasks by their lead."""
        searched = [doubt.delivery.key for doubt in doubts if LEAD not in doubt.done]
        leads = self._search.leads(searched) if searched else {}
        known = {doubt.delivery.key: doubt.done[LEAD] for doubt in doubts if LEAD in doubt.done}
        known |= {key: receipt.remote_id for key, receipt in leads.items()}
        tasks = self._search.tasks([doubt.delivery for doubt in doubts if self._may_have_task(doubt)], known)
        found: dict[str, dict[str, Receipt]] = {key: {LEAD: receipt} for key, receipt in leads.items()}
        for key, receipt in tasks.items():
            found.setdefault(key, {})[TASK] = receipt
        return found | self._appended([doubt.delivery for doubt in doubts if doubt.delivery.key not in known])

    def _appended(self, deliveries: Sequence[Delivery]) -> dict[str, dict[str, Receipt]]:
        """Return what was put into the leads of earlier interests: those do not carry the key, the tasks do."""
        if self._config.same_person != "append":
            return {}
        keys = {delivery.step_key(TASK): delivery.key for delivery in deliveries}
        return {
            keys[mark]: {LEAD: Receipt(parent, self._client.page_of(parent), created=False), TASK: task}
            for mark, (task, parent) in self._search.marked_tasks(keys).items()
            if parent
        }

    def copies(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Search leads by the key field; those that an interest was appended to by its task."""
        found: dict[str, Sequence[str]] = dict(self._search.copies(keys))
        if self._config.same_person == "append":
            marks = {f"{key}/{TASK}": key for key in keys if key not in found}
            tasks = self._search.marked_tasks(marks)
            leads = self._search.converted({parent for _, parent in tasks.values()})
            found |= {marks[mark]: [leads.get(parent, parent)] for mark, (_, parent) in tasks.items() if parent}
        return found

    def read_back(self, receipts: Sequence[Sent], cursor: str | None) -> tuple[Sequence[RemoteState], str | None]:
        """Read stage, owner, conversion, closed tasks and files by the ids; needs no cursor."""
        return self._read_back.states(receipts), cursor

    def open_counts(self, users: Sequence[str]) -> Mapping[str, int]:
        """Count the open leads of active users with one query."""
        return self._read_back.open_counts(users)

    def deliver(self, deliveries: Sequence[Delivery], steps: Steps) -> Sequence[Outcome]:
        """Write the leads that are not there yet with one request, then their tasks with another."""
        receipts: dict[str, Receipt] = {}
        failed: dict[str, Outcome] = {}
        for key, result in self._leads(deliveries, steps).items():
            if isinstance(result, Written):
                receipts[key] = Receipt(result.remote_id, self._client.page_of(result.remote_id), result.created)
            else:
                failed[key] = result
        if self._config.task:
            ready = [delivery for delivery in deliveries if delivery.key in receipts]
            results = self._tasks(self._config.task, ready, receipts, steps)
            failed |= {key: result for key, result in results.items() if not isinstance(result, Written)}
        return [failed.get(item.key) or Delivered(receipts[item.key]) for item in deliveries]

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _leads(self, deliveries: Sequence[Delivery], steps: Steps) -> Results:
        done = {delivery.key: steps.done(delivery.key).get(LEAD) for delivery in deliveries}
        results: Results = {key: Written(lead_id, created=False) for key, lead_id in done.items() if lead_id}
        todo = {item.key: item for item in deliveries if item.key not in results}
        try:
            present = self._search.leads(todo) if todo else {}
            present |= self._open_ones([item for key, item in todo.items() if key not in present])
            results |= _adopt(LEAD, present, steps)
        except SinkError as error:
            return results | dict.fromkeys(todo, outcome_of(error))
        absent = [item for key, item in todo.items() if key not in present]
        records, failed = make_each(absent, lambda item: lead_record(self._config, item))
        assigned = {key for key, item in todo.items() if item.responsible not in {None, "asap"}}
        answers = _write(LEAD, records, self._client.upsert, steps)
        answers |= self._twins([item for item in absent if _is_twin(answers.get(item.key))], steps)
        return {**results, **_settled(answers, self._config.key_field, own=assigned), **failed}

    def _twins(self, deliveries: Sequence[Delivery], steps: Steps) -> dict[str, Written | Outcome]:
        """Return the open leads of people whom a duplicate rule keeps from getting a second one."""
        if not deliveries or self._config.same_person != "append":
            return {}
        try:
            found = self._search.of_people(deliveries)
            return dict(_adopt(LEAD, found, steps))
        except SinkError as error:
            return dict.fromkeys((item.key for item in deliveries), outcome_of(error))

    def _open_ones(self, deliveries: Sequence[Delivery]) -> dict[str, Receipt]:
        """Return the open leads of people who were here before, where further interests are appended to them."""
        wanted = {
            item.key: item.known.open_id
            for item in deliveries
            if item.known and item.known.open_id and item.interest.kind not in self._config.always_new
        }
        if not wanted or self._config.same_person != "append":
            return {}
        still_open = self._search.still_open(set(wanted.values()))
        return {
            key: Receipt(lead, self._client.page_of(lead), created=False)
            for key, lead in wanted.items()
            if lead in still_open
        }

    def _tasks(
        self, task: TaskConfig, deliveries: Sequence[Delivery], leads: Mapping[str, Receipt], steps: Steps
    ) -> Results:
        todo = {item.key: item for item in deliveries if TASK not in steps.done(item.key)}
        older = {key: leads[key].remote_id for key in todo if not leads[key].created}
        try:
            present = self._search.tasks([todo[key] for key in older], older)
            results: Results = dict(_adopt(TASK, present, steps))
            people = self._search.people(older.values()) if older else {}
        except SinkError as error:
            return dict.fromkeys(todo, outcome_of(error))
        parents = {key: people.get(leads[key].remote_id, leads[key].remote_id) for key in todo}
        absent = [item for key, item in todo.items() if key not in present]
        records, failed = make_each(absent, lambda item: task_record(self._config, task, item, parents[item.key]))
        # The owner was good enough for the lead: what a task's ids are refused for concerns this lead only.
        answers = _write(TASK, records, self._client.create, steps)
        return {**results, **_settled(answers, task.key_field, own=records.keys()), **failed}

    def _may_have_task(self, doubt: Doubt) -> bool:
        if TASK in doubt.done:
            return False
        return TASK in doubt.steps or (not doubt.steps and self._config.task is not None)


def _is_twin(answer: Written | Refusal | Outcome | None) -> bool:
    return isinstance(answer, Refusal) and "DUPLICATES_DETECTED" in answer.codes


def _adopt(step: str, present: Mapping[str, Receipt], steps: Steps) -> dict[str, Written]:
    """Note objects that are there already and that the ledger does not know; no request follows."""
    if present:
        steps.writing(step, present)
        steps.finished(step, {key: receipt.remote_id for key, receipt in present.items()})
    return {key: Written(receipt.remote_id, created=False) for key, receipt in present.items()}


def _settled(answers: Answers, key_field: str | None, *, own: Collection[str]) -> Results:
    """Turn refusals into outcomes; `own` are the deliveries whose ids (owner, lead) are no setting."""
    others_written = any(isinstance(answer, Written) for answer in answers.values())
    return {
        key: meaning(answer, key_field=key_field, own_ids=key in own, others_written=others_written)
        if isinstance(answer, Refusal)
        else answer
        for key, answer in answers.items()
    }


def _write(step: str, records: Mapping[str, Record], send: Send, steps: Steps) -> Answers:
    """Send the records of a step; when the request as a whole is refused, find the bad ones by halving it."""
    keys = list(records)
    if not keys:
        return {}
    try:
        steps.writing(step, keys)
        answers = dict(zip(keys, send(list(records.values())), strict=True))
    except Refused as error:
        if len(keys) == 1:
            return {keys[0]: Rejected(error.reason)}
        first = {key: records[key] for key in keys[: len(keys) // 2]}
        second = {key: records[key] for key in keys[len(keys) // 2 :]}
        return _write(step, first, send, steps) | _write(step, second, send, steps)
    except SinkError as error:
        return dict.fromkeys(keys, outcome_of(error))
    steps.finished(step, {key: lead.remote_id for key, lead in answers.items() if isinstance(lead, Written)})
    return dict(answers)
