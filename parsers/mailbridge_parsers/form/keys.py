"""By what the systems themselves name an event."""

import re

from mailbridge.sdk import Mail, Refs
from mailbridge.sdk.links import host_of
from mailbridge_parsers.form.labels import Role
from mailbridge_parsers.form.reading import Reading
from mailbridge_parsers.form.systems import System

_SEARCHED = 150_000
_TRANSACTION = re.compile(r"(?:transaction|request) id: *(\d{3,}:\d{3,})", re.IGNORECASE)
_RESULT = re.compile(
    r"https?://(?P<host>[^/\s\"']+)/bitrix/admin/form_result_view\.php\?[^\s\"'<>]*?WEB_FORM_ID=(?P<form>\d+)&(?:amp;)?RESULT_ID=(?P<id>\d+)"
)
_COMMENT = re.compile(r"https?://(?P<host>[^/\s\"']+)/[^\s\"'<>]*[?&](?:amp;)?commentId=(?P<id>\d+)")
_ORDER_PAGE = re.compile(
    r"https?://(?P<host>[^/\s\"']+)/[^\s\"'<>]*(?:wp-admin/post\.php\?post=|page=wc-orders[^\s\"'<>]*?id=|order_id="
    r"|personal/orders?/"
    r"(?:detail/)?|sale_order_(?:view|detail)\.php\?ID=)(?P<id>\d+)"
)


def key_of(mail: Mail, reading: Reading, system: System, order: str) -> tuple[str, ...] | None:
    """Return the key of the event, None when the system names it by nothing."""
    body = f"{mail.text[:_SEARCHED]}\n{mail.html_source[:_SEARCHED]}"
    transaction = _TRANSACTION.search(_technical(reading)) if system.network == "tilda" else None
    if transaction:
        return ("transaction", transaction[1])
    if result := _RESULT.search(body):
        return ("result", result["host"].casefold(), result["form"], result["id"])
    if comment := _comment(reading):
        return ("comment", *comment)
    if order and (page := _ORDER_PAGE.search(body)):
        return ("order", page["host"].casefold(), order)
    return None


def _technical(reading: Reading) -> str:
    return "\n".join(f"{one.label}: {one.value}" for one in reading.all(Role.TECHNICAL))


def _comment(reading: Reading) -> tuple[str, str] | None:
    for one in reading.all(Role.PAGE):
        if match := _COMMENT.search(one.value):
            return host_of(one.value), match["id"]
    return None


def refs_of(mail: Mail, reading: Reading, order: str) -> Refs:
    """Return the ids that the system names."""
    result = _RESULT.search(mail.words[:_SEARCHED])
    block = next((one.value for one in reading.all(Role.TECHNICAL) if one.value.startswith("rec")), "")
    comment = _comment(reading)
    return Refs(
        order=order or None,
        form=f"{result['form']}:{result['id']}" if result else block or None,
        comment=comment[1] if comment else None,
    )
