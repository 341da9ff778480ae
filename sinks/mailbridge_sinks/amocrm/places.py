"""Where things are in the account: ids of the fields, pipeline and stage that the configuration names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailbridge.sdk import Unusable, fold
from mailbridge_sinks.amocrm.client import UNREADABLE, AmocrmClient, unreadable
from mailbridge_sinks.amocrm.config import AmocrmConfig, Named

Row = Mapping[str, Any]
Id = int | str
"""A number, or in plans a placeholder such as "<id of ...>"."""

KEY_TYPES = {"text"}
UTM_TYPE = "tracking_data"
UNSORTED_TYPE = 1
CLOSED = {142, 143}
"""Won and lost: the same ids in every pipeline (leads_pipelines page)."""
MOST_NAMED = 20
TOKEN_WARNING_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """A custom field.

    Attributes:
        id: Its id.
        type: As amoCRM calls it, such as "text"; "" when not known.
        enums: Folded choice → its id.
    """

    id: Id
    type: str = ""
    enums: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of a pipeline.

    Attributes:
        fresh: Ids of those in which nobody has dealt with a lead yet: Unsorted and the first one.
        names: Id → name.
    """

    fresh: frozenset[int]
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Places:
    """What the names in the configuration mean in the account.

    Attributes:
        key: The lead's field for our key, None when it is missing.
        lead: Path in the interest → field of the lead.
        contact: Path in the interest → field of the contact.
        values: Field of the lead as `values` names it → the field.
        utm: Label of a form's field in lower case, such as "utm_source" → statistics field of the lead.
        zone: The account's time zone.
        stages: Pipeline → its stages.
        proof: The lead's field that holds the link to the answer.
        pipeline_id: None = the account's main pipeline.
        status_id: None = the first stage.
        filters: Whether the paid list filters work.
        problems: What does not fit, each with what to click.
    """

    key: FieldPlace | None
    lead: Mapping[str, FieldPlace]
    contact: Mapping[str, FieldPlace]
    values: Mapping[str, FieldPlace] = field(default_factory=dict)
    utm: Mapping[str, FieldPlace] = field(default_factory=dict)
    zone: tzinfo = UTC
    stages: Mapping[int, Stages] = field(default_factory=dict)
    proof: FieldPlace | None = None
    pipeline_id: Id | None = None
    status_id: Id | None = None
    filters: bool = False
    problems: tuple[str, ...] = ()

    def own_key(self) -> FieldPlace:
        """Return the field for our key.

        Raises:
            Unusable: Without it a delivery could not be found again.
        """
        if self.key is None:
            raise Unusable("; ".join(self.problems))
        return self.key


def planned_places(config: AmocrmConfig) -> Places:
    """Return places without asking the account: ids where the configuration has them, else placeholders."""

    def fields(table: Mapping[str, Named]) -> dict[str, FieldPlace]:
        return {path: FieldPlace(_planned(named)) for path, named in table.items()}

    return Places(
        key=FieldPlace(_planned(config.key_field)),
        lead=fields(config.fields),
        contact=fields(config.contact_fields),
        values=fields({name: name for name in config.values}),
        pipeline_id=None if config.pipeline is None else _planned(config.pipeline),
        status_id=None if config.status is None else _planned(config.status),
    )


def look_up_places(config: AmocrmConfig, client: AmocrmClient) -> Places:
    """Ask the account where things are; by reading only.

    Raises:
        Unusable: The token does not open the account.
        NotWritten: The account can't be reached, or answers in an unknown form.
    """
    try:
        return _look_up(config, client)
    except UNREADABLE:
        raise unreadable("a question about fields and pipelines", write=False) from None


def _look_up(config: AmocrmConfig, client: AmocrmClient) -> Places:
    problems: list[str] = []
    account = client.read("/account", [("with", "is_api_filter_enabled,datetime_settings")])
    lead_fields = list(client.rows("/leads/custom_fields", "custom_fields"))
    contact_fields = list(client.rows("/contacts/custom_fields", "custom_fields")) if config.contact_fields else []
    key = _key_place(config, lead_fields, problems)
    pipelines = list(client.read("/leads/pipelines")["_embedded"]["pipelines"])
    pipeline_id, status_id = _stage(config, pipelines, problems)
    problems.extend(_unsorted_problems(config, pipelines, pipeline_id))
    return Places(
        key=key,
        lead=dict(_found(config.fields, lead_fields, "lead", problems)),
        contact=dict(_found(config.contact_fields, contact_fields, "contact", problems)),
        values=dict(_found({name: name for name in config.values}, lead_fields, "lead", problems)),
        utm={str(row["code"]).lower(): _place(row) for row in lead_fields if row["type"] == UTM_TYPE and row["code"]},
        zone=_zone(account),
        proof=_proof(config, lead_fields, problems),
        stages={int(row["id"]): _stages(row["_embedded"]["statuses"]) for row in pipelines},
        pipeline_id=pipeline_id,
        status_id=status_id,
        filters=account.get("is_api_filter_enabled") is True,
        problems=tuple(problems),
    )


def look_up_users(client: AmocrmClient) -> dict[int, str]:
    """Return id → name of all users that can work; empty when we may not see them, which is no fault.

    External integrations and ordinary users can't list users (users-api page).
    """
    try:
        rows = list(client.rows("/users", "users"))
        return {
            int(row["id"]): str(row["name"]) for row in rows if (row.get("rights") or {}).get("is_active") is not False
        }
    except Unusable:
        return {}
    except UNREADABLE:
        raise unreadable("a list of users", write=False) from None


def user_problem(config: AmocrmConfig, users: Mapping[int, str]) -> str | None:
    """Return what is wrong with the responsible user; None also when we may not see the users."""
    if config.responsible is None or not users or config.responsible in users:
        return None
    known = ", ".join(f"{number} = {name}" for number, name in list(users.items())[:MOST_NAMED])
    return (
        f"no user {config.responsible} (responsible) who is not switched off: see Settings → Users; there are {known}"
    )


def remarks(places: Places, token_ends: float | None, now: float, *, unseen: bool = False) -> Iterator[str]:
    """Yield what works but could be better, or will end; `unseen` = the responsible user could not be looked up."""
    if not places.filters:
        yield (
            "the paid list filters are missing, which works, with more reading: our key is searched by full text, what"
            " people did is read in the order of change (Settings → Billing → package with API filters)"
        )
    if unseen:
        yield (
            "the users can't be listed (external integration, or its owner is no administrator), so responsible is not"
            " proven: compare it with the address of the person's page under Settings → Users"
        )
    if token_ends is not None and token_ends - now < TOKEN_WARNING_S:
        days = max(0, int((token_ends - now) / 86_400))
        yield f"the token ends in {days} days: make a new one in amoMarket → your integration → Keys and scopes"


def _planned(named: Named) -> Id:
    return named if isinstance(named, int) else f"<id of {named}>"


def _key_place(config: AmocrmConfig, rows: Sequence[Row], problems: list[str]) -> FieldPlace | None:
    row = _match(config.key_field, rows)
    if row is None:
        problems.append(
            f"no lead field {config.key_field!r} (key_field): open any lead → Settings → Add field → type Text, "
            f"name {config.key_field!r}"
        )
    elif problem := _twin_problem(config.key_field, rows, "lead", "key_field"):
        problems.append(problem)
    elif row["type"] not in KEY_TYPES:
        problems.append(f"lead field {row['name']!r} (key_field) has the type {row['type']}: it must be Text")
    else:
        return _place(row)
    return None


def _found(
    table: Mapping[str, Named], rows: list[Row], what: str, problems: list[str]
) -> Iterator[tuple[str, FieldPlace]]:
    for path, named in table.items():
        row = _match(named, rows)
        if row is None:
            problems.append(f"no {what} field {named!r} (for {path}): open any {what} → Settings → Add field")
        elif problem := _twin_problem(named, rows, what, path):
            problems.append(problem)
        else:
            yield path, _place(row)


def _place(row: Row) -> FieldPlace:
    enums = {fold(str(enum["value"])): int(enum["id"]) for enum in row.get("enums") or []}
    return FieldPlace(row["id"], row["type"], enums)


def _proof(config: AmocrmConfig, rows: list[Row], problems: list[str]) -> FieldPlace | None:
    named = config.read_back.proof_field
    found = dict(_found({"read_back.proof_field": named}, rows, "lead", problems)) if named else {}
    return found.get("read_back.proof_field")


def _zone(account: Row) -> tzinfo:
    """Return the account's time zone, UTC when this machine does not know it."""
    settings = (account.get("_embedded") or {}).get("datetime_settings") or {}
    try:
        return ZoneInfo(str(settings.get("timezone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _stages(rows: Sequence[Row]) -> Stages:
    """Sort the stages of a pipeline (leads_pipelines page: type 1 = Unsorted)."""
    ordered = sorted(rows, key=lambda row: row["sort"])
    first = next((row["id"] for row in ordered if row["type"] != UNSORTED_TYPE), None)
    fresh = {int(row["id"]) for row in ordered if row["type"] == UNSORTED_TYPE or row["id"] == first}
    return Stages(frozenset(fresh), {int(row["id"]): str(row["name"]) for row in ordered})


def _unsorted_problems(config: AmocrmConfig, pipelines: Iterable[Row], pipeline_id: Id | None) -> Iterator[str]:
    for row in pipelines:
        chosen = row["id"] == pipeline_id if pipeline_id is not None else row.get("is_main")
        if config.asap and chosen and row.get("is_unsorted_on") is False:
            yield f"Unsorted is switched off in pipeline {row['name']!r} (asap): Leads → Set up pipeline"


def _stage(config: AmocrmConfig, pipelines: list[Row], problems: list[str]) -> tuple[Id | None, Id | None]:
    """Return the ids of pipeline and stage; without a known pipeline there is no stage either."""
    pipeline = _match(config.pipeline, pipelines) if config.pipeline is not None else None
    if config.pipeline is not None and pipeline is None:
        known = ", ".join(row["name"] for row in pipelines)
        problems.append(f"no pipeline {config.pipeline!r}: there are {known} (Leads → list of pipelines, top left)")
        return None, None
    if config.status is None:
        return (pipeline["id"] if pipeline else None), None
    owners = [pipeline] if pipeline else pipelines
    for owner in owners:
        statuses = owner["_embedded"]["statuses"]
        if status := _match(config.status, statuses):
            return owner["id"], status["id"]
    known = ", ".join(row["name"] for owner in owners for row in owner["_embedded"]["statuses"])
    problems.append(f"no stage {config.status!r} (status): there are {known} (Leads → Set up pipeline)")
    return (pipeline["id"] if pipeline else None), None


def _twin_problem(named: Named, rows: Iterable[Row], what: str, purpose: str) -> str | None:
    """Return what is wrong when several fields have the configured name: each write and search would be a guess."""
    if isinstance(named, int):
        return None
    row = _match(named, rows)
    same = [one for one in rows if row is not None and fold(str(one["name"])) == fold(str(row["name"]))]
    if len(same) < 2 or (row is not None and row.get("code") and fold(str(row["code"])) == fold(named)):
        return None
    ids = ", ".join(str(one["id"]) for one in same)
    return f"{what} field {named!r} ({purpose}) is there {len(same)} times: delete all but one, or give one of {ids}"


def _match(named: Named | None, rows: Iterable[Row]) -> Row | None:
    """Return the row with this id, code or name."""
    wanted = fold(str(named))
    for column in ("id", "code", "name"):
        for row in rows:
            if row.get(column) is not None and fold(str(row[column])) == wanted:
                return row
    return None
