"""1C-Bitrix: every mail names its event, and most events are no interest."""

import re

from mailbridge.sdk import Kind, Mail

_HEADER = "X-EVENT_NAME"
_SERVICE = re.compile(
    r"USER_PASS_\w+|USER_INVITE\w*|USER_INFO|NEW_USER_CONFIRM|USER_CODE_REQUEST|MAIN_MAIL_CONFIRM_CODE"
    r"|\w*_CONFIRM\w*|STATISTIC_\w+"
    r"|VIRUS_DETECTED|SUBSCRIBE_\w+|SALE_(?:STATUS_CHANGED|ORDER_PAID|ORDER_CANCEL|ORDER_DELIVERY|ORDER_TRACKING"
    r"|ORDER_SHIPMENT"
    r"|SUBSCRIBE|RECURRING|CHECK|ORDER_REMIND)\w*|EVENT_LOG\w*|SEND_CHECK\w*|ADV_\w+|DEVICE_LOGIN"
)
_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"NEW_BLOG_(?:COMMENT|MESSAGE)\w*"), "comment"),
    (re.compile(r"NEW_FORUM_PRIV\w*|NEW_FORUM_PRIVATE\w*|FORUM_NEW_MESSAGE_MAIL"), "message"),
    (re.compile(r"NEW_FORUM_MESSAGE\w*|EDIT_FORUM_MESSAGE"), "post"),
    (re.compile(r"\w*CALL_?BACK\w*|\w*RECALL\w*|\w*ZVONOK\w*"), "callback"),
    (
        re.compile(r"SALE_NEW_ORDER\w*|\w*(?:QUICK|FAST|ONE_?CLICK|1CLICK)\w*ORDER\w*|\w*ORDER_?(?:QUICK|ONE)\w*"),
        "order",
    ),
    (re.compile(r"NEW_USER\w*"), "registration"),
    (re.compile(r"\w*(?:REVIEW|OTZYV)\w*"), "review"),
)


def event_of(mail: Mail) -> str:
    """Return the name of the event, "" when the mail is not of Bitrix or hides it."""
    return mail.headers.get(_HEADER).strip().upper()


def is_service(mail: Mail) -> bool:
    """Whether the event is between the site and its users."""
    return _SERVICE.fullmatch(event_of(mail)) is not None


def kind_of_event(mail: Mail) -> Kind | None:
    """Return what the event means, None when only the mail's words tell."""
    event = event_of(mail)
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(event)), None)


def tells_the_buyer(mail: Mail) -> bool:
    """Whether this is the mail about a new order, which goes to the buyer with a copy for the shop."""
    return event_of(mail).startswith("SALE_NEW_ORDER")
