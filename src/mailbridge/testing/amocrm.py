"""An emulated amoCRM account, API v4: what the amoCRM sink and its users meet, with the rough edges of the real one."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from mailbridge.testing.account_settings import AccountSetting, of_attributes
from mailbridge.testing.amocrm_account import KEY_FIELD, LOST, OLGA, PAVEL, WON, Account, Row
from mailbridge.testing.amocrm_api import TOKEN_PATH, WHERE_PATH, Api, Settings
from mailbridge.testing.amocrm_drive import Drive
from mailbridge.testing.amocrm_oauth import TokenDesk
from mailbridge.testing.amocrm_records import Records
from mailbridge.testing.amocrm_rules import problem
from mailbridge.testing.emulator import Answer, Call, Emulator

RATE_PER_S = 7
_KOMMO_LIMIT = problem(
    429,
    "Too Many Requests",
    "You have sent too many requests in a given amount of time. Please try again later.",
    retry_after=1,
)
_NGINX = "<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center>nginx</body></html>"


class AmocrmEmulator(Emulator):
    """An amoCRM account in memory.

    Args:
        clock: Unix seconds.
        journal: File for the journal, or None.
        rate_per_s: Requests in any second before 429; None = no limit.
        breaches: So many 429 and the account is locked out: 403 pages until `reset`.
        filters: Whether the paid list filters are switched on; without them they are ignored.
        search_lag_s: Age at which a record enters the search index.
        duplicate_control: What complex leads are compared by: "PHONE", "EMAIL", names of own text fields.
        emoji_cuts: Whether text fields end at the first emoji.
        admin: Whether the token's owner may see the users.
        paid: Whether the subscription is paid; else 402 for everything.
        kommo: Whether 429 is told as Kommo does, in JSON with `retry_after`; amoCRM sends a page.
    """

    name: ClassVar[str] = "amocrm"

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        journal: Path | None = None,
        rate_per_s: int | None = RATE_PER_S,
        breaches: int = 50,
        filters: bool = False,
        search_lag_s: float = 0.0,
        duplicate_control: Iterable[str] = (),
        emoji_cuts: bool = False,
        admin: bool = True,
        paid: bool = True,
        kommo: bool = False,
    ) -> None:
        super().__init__(clock=clock, journal=journal)
        self.rate_per_s = rate_per_s
        self.breaches = breaches
        self.kommo = kommo
        self.settings = Settings(filters=filters, search_lag_s=search_lag_s, admin=admin, paid=paid)
        self._criteria = tuple(duplicate_control)
        self._emoji_cuts = emoji_cuts
        self.desk = TokenDesk(self.clock, self.token)
        self.reset()

    def reset(self) -> None:
        """Forget all objects, the journal, the faults and the lock-out; tokens stay good."""
        self.account = Account(self.clock)
        self.records = Records(self.account, criteria=self._criteria, emoji_cuts=self._emoji_cuts)
        self.drive = Drive()
        self.api = Api(self.account, self.records, self.desk, self.settings, self.drive)
        self.journal.clear()
        self.faults.clear()
        self.locked_out = False
        self._broken = 0
        self._recent: deque[float] = deque()

    def account_settings(self) -> Mapping[str, AccountSetting]:
        """Return plan, rights, limits, and the names of the leads' fields; see `Emulator`."""
        names = [str(row["name"]) for row in self.account.fields["leads"]]
        return {
            **super().account_settings(),
            **of_attributes(self, "rate_per_s", "breaches", "kommo", "locked_out", empty=("rate_per_s",)),
            **of_attributes(self.settings, "filters", "search_lag_s", "admin", "paid"),
            "lead_fields": AccountSetting(names, self.account.set_lead_fields),
        }

    def handle(self, call: Call) -> Answer:
        """Answer one request."""
        return self._refused_at_the_door(call) or self.api.answer(call)

    def _refused_at_the_door(self, call: Call) -> Answer | None:
        if self.locked_out:
            return _page(403, "403 Forbidden")
        if self.rate_per_s is not None and self._over_the_limit(self.rate_per_s):
            self._broken += 1
            self.locked_out = self._broken >= self.breaches
            return _KOMMO_LIMIT if self.kommo else _page(429, "429 Too Many Requests")
        return self._refused_by_the_desk(call)

    def _refused_by_the_desk(self, call: Call) -> Answer | None:
        if call.path == WHERE_PATH:
            return self.desk.where(call.headers.get("x-refresh-token", ""))
        if self.desk.moved_to and call.headers.get("host", "") != self.desk.moved_to:
            return problem(401, "Unauthorized", "Account not found")
        if call.path == TOKEN_PATH:
            return None
        if not self.desk.knows(call.headers.get("authorization", "")):
            return problem(401, "Unauthorized", "Invalid user name or password")
        return None if self.settings.paid else problem(402, "Payment Required", "Account is not paid")

    def _over_the_limit(self, limit: int) -> bool:
        now = self.clock()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= limit:
            return True
        self._recent.append(now)
        return False

    def writes(self, call: Call) -> bool:
        """Whether a request is meant to change the account; asking for a token is not."""
        return super().writes(call) and call.path != TOKEN_PATH

    def keys(self) -> dict[str, list[str]]:
        """Return delivery key → ids of the leads whose key field holds it."""
        found: dict[str, list[str]] = {}
        for lead_id, lead in self.account.leads.items():
            for value in lead["custom_fields_values"] or []:
                if value["field_name"] == KEY_FIELD:
                    found.setdefault(value["values"][0]["value"], []).append(str(lead_id))
        return found

    def card(self, key: str) -> dict[str, Any] | None:
        """Return what a person sees of a delivery."""
        ids = [int(lead_id) for lead_id in self.keys().get(key, ())]
        if not ids:
            return None
        lead = self.account.leads[ids[0]]
        contacts = [self.account.contacts[contact] for contact in self.account.linked[ids[0]]]
        tasks = [task for task in self.account.tasks.values() if task["entity_id"] in ids]
        return {
            "id": ids[0],
            "name": lead["name"],
            "price": lead["price"],
            "pipeline_id": lead["pipeline_id"],
            "status_id": lead["status_id"],
            "responsible_user_id": lead["responsible_user_id"],
            "tags": [tag["name"] for tag in lead["_embedded"]["tags"]],
            "fields": _readable(lead),
            "contacts": [{"id": contact["id"], "name": contact["name"], **_readable(contact)} for contact in contacts],
            "notes": [note["params"]["text"] for note in self.account.notes.values() if note["entity_id"] in ids],
            "tasks": [task["text"] for task in tasks],
        }

    def counts(self) -> dict[str, int]:
        """Return how many objects of each kind exist."""
        account = self.account
        tables = {"leads": account.leads, "contacts": account.contacts, "notes": account.notes, "tasks": account.tasks}
        return {name: len(table) for name, table in tables.items()} | {"unsorted": len(account.unsorted)}

    def move(self, lead_id: int, status_id: int) -> None:
        """Do what a manager does: drag a lead to another stage."""
        with self.lock:
            self.records.change("leads", self.account.leads[lead_id], {"status_id": status_id})

    def acts(self) -> Mapping[str, Callable[[str], Any]]:
        """Return what a manager does with a lead."""
        return {
            "take it": lambda lead: self._change(lead, responsible_user_id=PAVEL),
            "move it on": lambda lead: self._change(lead, status_id=self._second_stage(lead)),
            "win it": lambda lead: self._change(lead, status_id=WON),
            "lose it": lambda lead: self._change(lead, status_id=LOST),
            "close its tasks": self.close_tasks,
            "write a note": lambda lead: self._note_of(
                lead, "common", text="Ответила: https://vk.example/wall1?reply=2"
            ),
            "attach a file": lambda lead: self._note_of(lead, "attachment", file_uuid="f-1", file_name="ответ.png"),
            "delete it": lambda lead: self.remove_lead(int(lead)),
            "accept it from Unsorted": self.accept,
        }

    def close_tasks(self, lead: str, result: str = "") -> None:
        """Complete the tasks of a lead."""
        for task in self.account.tasks.values():
            if task["entity_id"] == int(lead):
                self.records.change("tasks", task, {"is_completed": True, "result": {"text": result} if result else {}})

    def accept(self, lead: str) -> None:
        """Accept a form from Unsorted."""
        for uid, row in list(self.account.unsorted.items()):
            if row["_embedded"]["leads"][0]["id"] == int(lead):
                self.records.leave_unsorted(uid, accept=True, body={"user_id": PAVEL})

    def _change(self, lead: str, **values: Any) -> None:
        self.records.change("leads", self.account.leads[int(lead)], values)

    def _second_stage(self, lead: str) -> int:
        pipeline = self.account.pipeline(self.account.leads[int(lead)]["pipeline_id"]) or self.account.pipelines[0]
        return int(pipeline["_embedded"]["statuses"][2]["id"])

    def _note_of(self, lead: str, kind: str, **params: str) -> None:
        row = self.records.add_note({"entity_id": int(lead), "note_type": kind, "params": params})
        row["created_by"] = OLGA

    def remove_contact(self, contact_id: int) -> None:
        """Do what a manager does who merges two contacts: one id disappears."""
        with self.lock:
            del self.account.contacts[contact_id]
            for contacts in self.account.linked.values():
                contacts[:] = [linked for linked in contacts if linked != contact_id]

    def remove_lead(self, lead_id: int) -> None:
        """Do what a manager, or merging in the background, does: the id disappears."""
        with self.lock:
            del self.account.leads[lead_id]
            self.account.happened("lead_deleted", lead_id, [], [])


def _page(status: int, title: str) -> Answer:
    return Answer(status, _NGINX.format(title=title).encode(), content_type="text/html")


def _readable(row: Row) -> dict[str, list[Any]]:
    values = row["custom_fields_values"] or []
    return {value["field_name"]: [item["value"] for item in value["values"]] for value in values}
