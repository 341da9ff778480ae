"""Timeline, to-dos, directories and people of the emulated portal: old methods, UPPER_CASE fields, ids as strings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mailbridge.testing import bitrix24_items
from mailbridge.testing.bitrix24_data import DEAL, TYPE_NAMES, RestError
from mailbridge.testing.bitrix24_items import Context, Method, Params, Reply, as_id, required
from mailbridge.testing.bitrix24_list import matches, ordered, paged
from mailbridge.testing.bitrix24_php import listed, mapped

_COMMENT_FIELDS = ("ID", "ENTITY_ID", "ENTITY_TYPE", "CREATED", "AUTHOR_ID", "COMMENT")
_TYPE_IDS = {name: kind for kind, name in TYPE_NAMES.items()}


def _owner(context: Context, kind: int, number: int) -> None:
    if number not in context.portal.items.get(kind, {}):
        raise RestError(400, "OWNER_NOT_FOUND", "Owner was not found")


def add_comment(context: Context, params: Params) -> Reply:
    """Answer crm.timeline.comment.add."""
    fields = mapped(required(params, "fields"))
    if not str(fields.get("COMMENT", "")).strip():
        raise RestError(400, "INVALID_ARG_VALUE", "Empty comment message")
    kind, number = _TYPE_IDS.get(str(fields.get("ENTITY_TYPE", "")).lower(), 0), as_id(fields.get("ENTITY_ID"))
    _owner(context, kind, number)
    comment = context.portal.next_id("comment")
    context.portal.comments[comment] = {
        "ID": str(comment),
        "ENTITY_ID": number,
        "ENTITY_TYPE": TYPE_NAMES[kind],
        "CREATED": context.stamp,
        "AUTHOR_ID": context.user,
        "COMMENT": fields["COMMENT"],
    }
    return Reply(comment)


def list_comments(context: Context, params: Params) -> Reply:
    """Answer crm.timeline.comment.list; the owner must stand in the filter."""
    condition = mapped(params.get("filter"))
    if not condition.get("ENTITY_ID") or not condition.get("ENTITY_TYPE"):
        raise RestError(400, "", "Filter must contain ENTITY_ID and ENTITY_TYPE.")
    rows = [row for row in context.portal.comments.values() if matches(row, condition, _COMMENT_FIELDS)]
    return _listed(rows, params)


def add_todo(context: Context, params: Params) -> Reply:
    """Answer crm.activity.todo.add."""
    kind, owner = as_id(required(params, "ownerTypeId")), as_id(required(params, "ownerId"))
    deadline = str(required(params, "deadline"))
    _owner(context, kind, owner)
    try:
        datetime.fromisoformat(deadline)
    except ValueError:
        raise RestError(400, "WRONG_DATETIME_FORMAT", "Wrong datetime format") from None
    number = context.portal.next_id("activity")
    context.portal.activities[number] = {
        "ID": str(number),
        "OWNER_TYPE_ID": str(kind),
        "OWNER_ID": str(owner),
        "PROVIDER_ID": "CRM_TODO",
        "SUBJECT": params.get("title", ""),
        "DESCRIPTION": params.get("description", ""),
        "DEADLINE": deadline,
        "RESPONSIBLE_ID": str(params.get("responsibleId") or context.user),
        "COMPLETED": "N",
        "STATUS": "1",
        "LAST_UPDATED": context.stamp,
    }
    return Reply({"id": number})


def list_activities(context: Context, params: Params) -> Reply:
    """Answer crm.activity.list."""
    condition = mapped(params.get("filter"))
    allowed = (
        "ID", "OWNER_TYPE_ID", "OWNER_ID", "PROVIDER_ID", "SUBJECT", "DEADLINE", "RESPONSIBLE_ID", "COMPLETED",
        "STATUS",
    )  # fmt: skip
    rows = [row for row in context.portal.activities.values() if matches(row, condition, allowed)]
    return _listed(rows, params)


def update_activity(context: Context, params: Params) -> Reply:
    """Answer crm.activity.update: a person, or a robot, closes a to-do."""
    activity = context.portal.activities.get(as_id(required(params, "id")))
    if activity is None:
        raise RestError(400, "", "Activity is not found.")
    activity |= {name: value for name, value in mapped(required(params, "fields")).items() if name in activity}
    activity |= {"STATUS": "2" if activity["COMPLETED"] == "Y" else "1", "LAST_UPDATED": context.stamp}
    return Reply(result=True)


def list_stage_history(context: Context, params: Params) -> Reply:
    """Answer crm.stagehistory.list: one line for each stage that a lead or deal has entered."""
    kind = as_id(required(params, "entityTypeId"))
    if kind not in context.portal.history:
        raise RestError(400, "", "The entity type has no stage history")
    condition, rows = mapped(params.get("filter")), context.portal.history[kind]
    allowed = set(rows[0]) if rows else {"ID", "TYPE_ID", "OWNER_ID", "CREATED_TIME"}
    matching: list[Mapping[str, Any]] = [row for row in rows if matches(row, condition, allowed)]
    page = paged(ordered(matching, params.get("order"), "ID"), params.get("start"))
    return Reply({"items": list(page.rows)}, page.total, page.next)


def list_statuses(context: Context, params: Params) -> Reply:
    """Answer crm.status.list: stages, sources and other directories; not paged."""
    condition = mapped(params.get("filter"))
    allowed = ("ID", "ENTITY_ID", "STATUS_ID", "NAME", "SORT", "SEMANTICS")
    rows = [row for row in context.portal.statuses if matches(row, condition, allowed)]
    return Reply(rows, len(rows))


def list_categories(context: Context, params: Params) -> Reply:
    """Answer crm.category.list: the funnels of deals."""
    if as_id(required(params, "entityTypeId")) != DEAL:
        raise RestError(400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    entities = {row["ENTITY_ID"] for row in context.portal.statuses if row["ENTITY_ID"].startswith("DEAL_STAGE")}
    numbers = sorted(as_id(entity.removeprefix("DEAL_STAGE").removeprefix("_")) for entity in entities)
    rows = [{"id": number, "name": f"Funnel {number}", "isDefault": "N" if number else "Y"} for number in numbers]
    return Reply({"categories": rows}, len(rows))


def get_users(context: Context, params: Params) -> Reply:
    """Answer user.get."""
    condition = mapped(params.get("FILTER") or params.get("filter"))
    if params.get("ID"):
        condition["ID"] = params["ID"]
    rows = [user for user in context.portal.users if matches(user, condition, ("ID", "ACTIVE", "NAME", "LAST_NAME"))]
    return _listed(rows, params)


def _listed(rows: list[dict[str, Any]], params: Params) -> Reply:
    page = paged(ordered(rows, params.get("order"), "ID"), params.get("start"))
    select = {str(name) for name in listed(params.get("select"))} - {"*"}
    shown = [{name: value for name, value in row.items() if not select or name in select} for row in page.rows]
    return Reply(shown, page.total, page.next)


def get_mode(context: Context, _params: Params) -> Reply:
    """Answer crm.settings.mode.get: 1 = classic, 2 = simple (no leads)."""
    return Reply(2 if context.simple else 1)


def get_profile(context: Context, _params: Params) -> Reply:
    """Answer profile: whose webhook it is."""
    return Reply({"ID": context.user, "ADMIN": True, "NAME": "Вера", "LAST_NAME": "Хозяйка"})


METHODS: Mapping[str, Method] = {
    **bitrix24_items.METHODS,
    "crm.timeline.comment.add": add_comment,
    "crm.timeline.comment.list": list_comments,
    "crm.activity.todo.add": add_todo,
    "crm.activity.list": list_activities,
    "crm.activity.update": update_activity,
    "crm.status.list": list_statuses,
    "crm.stagehistory.list": list_stage_history,
    "crm.category.list": list_categories,
    "crm.settings.mode.get": get_mode,
    "user.get": get_users,
    "profile": get_profile,
}


def scope_of(method: str) -> str:
    """Return the right a webhook needs for a method, "" when any may call it."""
    head = method.split(".", maxsplit=1)[0]
    return head if head in {"crm", "user"} else ""
