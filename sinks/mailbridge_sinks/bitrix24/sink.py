"""The sink: which step of which delivery is written when."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import ClassVar

import httpx

from mailbridge.sdk import (
    Delivery,
    Doubt,
    Manifest,
    Outcome,
    PlannedRequest,
    Receipt,
    Refused,
    RemoteState,
    Sent,
    SinkError,
    Steps,
    TokenStore,
)
from mailbridge_sinks.bitrix24 import checks
from mailbridge_sinks.bitrix24.avatars import fetch_photos
from mailbridge_sinks.bitrix24.client import Bitrix24Client, new_id
from mailbridge_sinks.bitrix24.commands import Command, chunks
from mailbridge_sinks.bitrix24.config import Bitrix24Config
from mailbridge_sinks.bitrix24.mapping import (
    CONTACT_STEP,
    LEAD_STEP,
    NOTE_STEP,
    TASK_STEP,
    add_contact,
    add_lead,
    add_note,
    add_task,
)
from mailbridge_sinks.bitrix24.people import Known, look_up, still_there, traits, wants_contact
from mailbridge_sinks.bitrix24.readback import MOST_READ, ReadBack
from mailbridge_sinks.bitrix24.same_person import beside, open_ones
from mailbridge_sinks.bitrix24.search import Search, receipts
from mailbridge_sinks.bitrix24.work import Work

Commands = Mapping[str, Command]


class Bitrix24Sink:
    """Writes interests into one Bitrix24 portal.

    Each step is one `batch` request for up to 50 deliveries: https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html

    Args:
        config: The account.
        tokens: Memory for the tokens of an application; a webhook's secret does not rotate.
        transport: From the core.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="bitrix24", title="Bitrix24", docs="sinks/mailbridge_sinks/bitrix24/README.md"
    )
    Config: ClassVar[type[Bitrix24Config]] = Bitrix24Config
    max_batch: ClassVar[int] = 50
    max_read: ClassVar[int] = MOST_READ
    rate_per_s: ClassVar[float] = 2.0
    burst: ClassVar[int] = 25
    """The portal's bucket holds 50 requests; half of it stays for whatever else calls from this address."""

    def __init__(
        self, config: Bitrix24Config, *, tokens: TokenStore, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._config = config
        self._client = Bitrix24Client.of(config, tokens, transport)

    def check(self) -> None:
        """Prove by one reading request that the portal has all that the configuration names."""
        checks.check(self._client, self._config)

    def plan(self, deliveries: Sequence[Delivery]) -> Sequence[PlannedRequest]:
        """Return the requests `deliver` would send when none of the people is a contact yet."""
        own = [delivery for delivery in deliveries if self._config.open_of(delivery) is None]
        strangers, _, twins = _meet(own, Known(), self._config)
        contacts = dict.fromkeys({delivery.key for delivery in strangers} | twins.keys(), "<contact id>")
        plans: list[tuple[str, Iterable[Delivery], Callable[[Delivery], Command]]] = [
            (CONTACT_STEP, strangers, self._contact),
            (LEAD_STEP, own, lambda delivery: add_lead(delivery, self._config, contacts.get(delivery.key))),
            (NOTE_STEP, deliveries, lambda delivery: add_note(delivery, self._config, "<lead id>")),
        ]
        if self._config.todo:
            plans.append((TASK_STEP, deliveries, lambda delivery: add_task(delivery, self._config, "<lead id>")))
        return [request for step, those, build in plans for request in self._planned(step, those, build)]

    def find(self, doubts: Sequence[Doubt]) -> Mapping[str, Mapping[str, Receipt]]:
        """Search the portal by originId, and the timelines of found leads by marker."""
        return receipts(Search(self._client, self._config, doubts).run(), self._address)

    def copies(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """List all leads by originId."""
        return Search(self._client, self._config, ()).copies(keys)

    def read_back(self, receipts: Sequence[Sent], cursor: str | None) -> tuple[Sequence[RemoteState], str | None]:
        """Read stage, owner, closed activities and comments by the ids; needs no cursor."""
        return ReadBack(self._client, self._config, self._address).states(receipts), cursor

    def open_counts(self, users: Sequence[str]) -> Mapping[str, int]:
        """Count the open objects of active users."""
        return ReadBack(self._client, self._config, self._address).open_counts(users)

    def deliver(self, deliveries: Sequence[Delivery], steps: Steps) -> Sequence[Outcome]:
        """Write contact, lead, note and to-do, each for all deliveries at once."""
        work = Work(deliveries, steps)
        owners = self._append(work)
        strangers = self._strangers(work)
        photos = fetch_photos(strangers, self._config.photo)
        self._write(work, CONTACT_STEP, strangers, lambda one: add_contact(one, self._config, photos.get(one.key)))
        work.hold_lonely_twins()
        self._write_leads(work)
        self._write(
            work,
            NOTE_STEP,
            work.waiting(NOTE_STEP),
            lambda delivery: add_note(delivery, self._config, work.lead_of(delivery.key)),
        )
        if self._config.todo:
            self._write(
                work,
                TASK_STEP,
                work.waiting(TASK_STEP),
                lambda delivery: add_task(
                    delivery, self._config, work.lead_of(delivery.key), owners.get(work.lead_of(delivery.key))
                ),
            )
        return work.outcomes(self._address)

    def _append(self, work: Work) -> Mapping[str, int | None]:
        """Put further interests of people into what is still open; return object → who has it."""
        wanted = [delivery for delivery in work.waiting(LEAD_STEP) if self._config.open_of(delivery)]
        if not wanted:
            return {}
        try:
            found = open_ones(self._client, self._config, wanted)
            work.adopt(LEAD_STEP, {key: one.number for key, one in found.items()})
        except SinkError as error:
            work.fail((delivery.key for delivery in wanted), error)
            return {}
        told = {one.key: one.known.contact_id for one in wanted if one.key in found and one.known}
        work.contacts |= {key: contact for key, contact in told.items() if contact}
        return {one.number: one.owner for one in found.values()}

    def _write_leads(self, work: Work) -> None:
        later = beside(work, self._config, work.waiting(LEAD_STEP))
        first = [delivery for delivery in work.waiting(LEAD_STEP) if delivery.key not in later]
        self._write(work, LEAD_STEP, first, lambda one: add_lead(one, self._config, work.contact_of(one.key)))
        made = {key: work.lead_of(maker) for key, maker in later.items() if work.has(maker, LEAD_STEP)}
        try:
            work.adopt(LEAD_STEP, made)
        except SinkError as error:
            work.fail(made, error)
        rest = work.waiting(LEAD_STEP)  # whose person's first object could not be made
        self._write(work, LEAD_STEP, rest, lambda one: add_lead(one, self._config, work.contact_of(one.key)))

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    @property
    def _address(self) -> str:
        return f"{self._client.portal}/crm/{self._config.entity}/details/"

    def _contact(self, delivery: Delivery) -> Command:
        return add_contact(delivery, self._config)

    def _strangers(self, work: Work) -> list[Delivery]:
        """Return the deliveries that need a contact of their own; notes who was known or comes twice."""
        if self._config.same_person != "new":
            self._meet_again(work)
        people = [
            delivery
            for delivery in work.waiting(LEAD_STEP)
            if not work.contact_of(delivery.key) and wants_contact(delivery.interest.author, self._config)
        ]
        if not people or self._config.same_person == "new":
            return people
        try:
            known = look_up(self._client, self._config, [delivery.interest.author for delivery in people])
        except SinkError as error:
            work.fail((delivery.key for delivery in people), error)
            return []
        strangers, found, work.twins = _meet(people, known, self._config)
        work.contacts |= found
        return strangers

    def _meet_again(self, work: Work) -> None:
        """Note the contacts of people who were here before, over whatever network: they need no search."""
        told = {
            delivery.key: delivery.known.contact_id
            for delivery in work.waiting(LEAD_STEP)
            if delivery.known and delivery.known.contact_id and not work.contact_of(delivery.key)
        }
        if not told:
            return
        try:
            there = still_there(self._client, self._config, told.values())
        except SinkError as error:
            work.fail(told, error)
        else:
            work.contacts |= {key: contact for key, contact in told.items() if contact in there}

    def _write(
        self, work: Work, step: str, deliveries: Iterable[Delivery], build: Callable[[Delivery], Command]
    ) -> None:
        commands, refused = _built(deliveries, build)
        for key, error in refused.items():
            work.fail([key], error)
        for chunk in chunks(commands, self._config.batch):
            self._send(work, step, chunk)

    def _send(self, work: Work, step: str, commands: Commands) -> None:
        try:
            self._client.prepare()
            work.steps.writing(step, commands)
            answers = self._client.batch(commands, write=True)
        except Refused as error:
            self._send_apart(work, step, commands, error)
            return
        except SinkError as error:
            work.fail(commands, error)
            return
        made = {key: new_id(result) for key, result in answers.results.items()}
        work.finish(step, {key: number for key, number in made.items() if isinstance(number, str)})
        for key, failure in {**made, **answers.errors}.items():
            if isinstance(failure, SinkError):
                work.fail([key], failure)

    def _send_apart(self, work: Work, step: str, commands: Commands, error: Refused) -> None:
        """Find the command for which a whole request was refused, such as by a firewall, so that the others go on."""
        if len(commands) == 1:
            work.fail(commands, error)
            return
        names = iter(commands)
        for size in (len(commands) // 2, len(commands)):
            self._send(work, step, {name: commands[name] for name in islice(names, size)})

    def _planned(
        self, step: str, deliveries: Iterable[Delivery], build: Callable[[Delivery], Command]
    ) -> Iterator[PlannedRequest]:
        commands, _ = _built(deliveries, build)
        for chunk in chunks(commands, self._config.batch):
            shown = {key: {"method": command.method, **command.params} for key, command in chunk.items()}
            yield PlannedRequest(step, "POST", "batch", {"halt": 0, "cmd": shown})


def _built(
    deliveries: Iterable[Delivery], build: Callable[[Delivery], Command]
) -> tuple[dict[str, Command], dict[str, Refused]]:
    """Return the commands by delivery key, and why there is none for the others."""
    commands: dict[str, Command] = {}
    refused: dict[str, Refused] = {}
    for delivery in deliveries:
        try:
            commands[delivery.key] = build(delivery)
        except Refused as error:
            refused[delivery.key] = error
    return commands, refused


def _meet(
    deliveries: Sequence[Delivery], known: Known, config: Bitrix24Config
) -> tuple[list[Delivery], dict[str, str], dict[str, str]]:
    """Sort people into strangers, known ones (key → contact), and twins of a stranger (key → the stranger's key)."""
    strangers: list[Delivery] = []
    contacts: dict[str, str] = {}
    twins: dict[str, str] = {}
    makers: dict[tuple[str, str], str] = {}
    for delivery in deliveries:
        author = delivery.interest.author
        if not wants_contact(author, config):
            continue
        mine = list(traits(author, config))
        if contact := known.best(mine):
            contacts[delivery.key] = contact
        elif maker := next((makers[trait] for trait in mine if trait in makers), None):
            twins[delivery.key] = maker
        else:
            strangers.append(delivery)
            makers |= dict.fromkeys(mine, delivery.key)
    return strangers, contacts, twins
