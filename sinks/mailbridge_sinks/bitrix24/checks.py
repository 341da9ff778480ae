"""Whether a portal is ready, told by one request that only reads."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mailbridge.sdk import NotWritten, Refused, Unusable
from mailbridge_sinks.bitrix24.client import Answers, Bitrix24Client, items
from mailbridge_sinks.bitrix24.commands import Command
from mailbridge_sinks.bitrix24.config import Bitrix24Config
from mailbridge_sinks.bitrix24.mapping import CONTACT, entity_type, funnel_of

_TEXT_TYPES = {"string", "text", "url", "char"}
_SIMPLE = 2
_WHERE = {1: "CRM → Settings → Custom fields → Leads", 2: "… → Deals", CONTACT: "… → Contacts"}
_DIRECTORIES = {
    "stages": "CRM → Settings → Statuses and dropdowns (leads), or the funnel's own settings (deals)",
    "sources": "CRM → Settings → Statuses and dropdowns → Sources",
}
# What the sink fills in itself, or Bitrix24 does.
_FILLED = {"title", "stageId", "assignedById", "opened", "sourceId", "originatorId", "originId", "categoryId"}


def check(client: Bitrix24Client, config: Bitrix24Config) -> None:
    """Prove that the portal has all that the configuration names.

    Raises:
        Unusable: All problems, with what to click.
        NotWritten: The portal can't be asked now.
    """
    answers = _ask(client, config)
    for error in answers.errors.values():
        if isinstance(error, NotWritten):
            raise error
    problems = [*_refusals(answers), *_mode(answers, config), *_fields(answers, config)]
    problems += [*_contact_field(answers, config), *_directories(answers, config), *_people(answers, config)]
    if problems:
        raise Unusable("; ".join(problems))


def _ask(client: Bitrix24Client, config: Bitrix24Config) -> Answers:
    commands = {
        "fields": Command("crm.item.fields", {"entityTypeId": entity_type(config)}),
        "contact": Command("crm.item.fields", {"entityTypeId": CONTACT}),
        "mode": Command("crm.settings.mode.get"),
        "stages": Command("crm.status.list", {"filter": {"ENTITY_ID": _stages(config)}}),
        "sources": Command("crm.status.list", {"filter": {"ENTITY_ID": "SOURCE"}}),
    }
    for user in _users(config):
        commands[f"user{user}"] = Command("user.get", {"ID": user})
    try:
        return client.batch(commands, write=False)
    except Refused as error:
        raise Unusable(error.reason) from None


def _stages(config: Bitrix24Config) -> str:
    if config.entity == "lead":
        return "STATUS"
    funnel = funnel_of(config)
    return f"DEAL_STAGE_{funnel}" if funnel else "DEAL_STAGE"


def _users(config: Bitrix24Config) -> dict[int, str]:
    named = {"responsible": config.responsible, "asap_user": config.asap_user}
    return {user: name for name, user in named.items() if user}


def _refusals(answers: Answers) -> Iterator[str]:
    """Yield what may not be read; people are another right, which is good to have and not needed."""
    told: set[str] = set()
    for name, error in answers.errors.items():
        if not name.startswith("user") and error.reason not in told:
            told.add(error.reason)
            yield error.reason


def _mode(answers: Answers, config: Bitrix24Config) -> Iterator[str]:
    if config.entity == "lead" and str(answers.results.get("mode", 1)) == str(_SIMPLE):
        yield (
            'the CRM is in simple mode, without leads: set entity = "deal", or switch leads on in'
            " CRM → Settings → Other → Leads"
        )


def _fields(answers: Answers, config: Bitrix24Config) -> Iterator[str]:
    known = _described(answers, "fields")
    if known is None:
        return
    kind = entity_type(config)
    for name in (*config.fields.values(), *config.constants, *config.values):
        yield from _field_problems(name, known.get(name), kind)
    proof = config.read_back.proof_field
    if proof and proof not in known:
        yield f"no field {proof!r} (read_back.proof_field); see {_WHERE[kind]}"
    given = {*_FILLED, *config.fields.values(), *config.constants, *config.values}
    needed = [name for name, field in known.items() if field.get("isRequired") and not field.get("isReadOnly")]
    if missing := [name for name in needed if name not in given and name.startswith("ufCrm")]:
        yield f"required on the portal and not mapped: {', '.join(missing)}; map them in fields or constants"


def _contact_field(answers: Answers, config: Bitrix24Config) -> Iterator[str]:
    known = _described(answers, "contact")
    if config.profile_field and known is not None:
        yield from _field_problems(config.profile_field, known.get(config.profile_field), CONTACT)


def _described(answers: Answers, name: str) -> Mapping[str, Any] | None:
    result = answers.results.get(name)
    fields = result.get("fields") if isinstance(result, Mapping) else None
    return fields if isinstance(fields, Mapping) else None


def _field_problems(name: str, field: Mapping[str, Any] | None, kind: int) -> Iterator[str]:
    # Bitrix24 silently ignores a field that it does not know: this is the only place where a misspelt one shows.
    if field is None:
        yield f"no field {name!r} (entityTypeId {kind}); see {_WHERE[kind]}"
    elif field.get("isReadOnly"):
        yield f"field {name!r} can't be written"
    elif field.get("isMultiple") or field.get("type") not in _TEXT_TYPES:
        yield f"field {name!r} is of type {field.get('type')!r}; a text field (string) with one value is needed"


def _directories(answers: Answers, config: Bitrix24Config) -> Iterator[str]:
    for what, wanted, name in (("stages", config.stage, "stage"), ("sources", config.source_id, "source_id")):
        if wanted is None or what not in answers.results:
            continue
        known = [str(row.get("STATUS_ID")) for row in items(answers.results[what])]
        if wanted not in known:
            yield f"{name} {wanted!r} does not exist; {_there_are(known)}; see {_DIRECTORIES[what]}"


def _there_are(known: Sequence[str]) -> str:
    return f"there are {', '.join(known)}" if known else "there is no such funnel either"


def _people(answers: Answers, config: Bitrix24Config) -> Iterator[str]:
    for user, name in _users(config).items():
        if f"user{user}" not in answers.results:
            continue  # the webhook has no right to see people
        rows = items(answers.results[f"user{user}"])
        if not rows:
            yield f"{name} {user} does not exist; its number stands in the address of the person's page under Employees"
        elif rows[0].get("ACTIVE") is False:
            yield f"{name} {user} is dismissed: name somebody else"
