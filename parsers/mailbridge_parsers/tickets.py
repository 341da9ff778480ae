"""Ticket systems: a new ticket is a request of a customer, all else that they tell their staff is no interest.

django-helpdesk: template "newticket_cc" of helpdesk/fixtures/emailtemplate.json, in any language.
Request Tracker: the "Transaction" templates of lib/RT (etc/initialdata), whose labels are not translated.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Channel,
    Ignored,
    Interest,
    Mail,
    Manifest,
    NoConfig,
    Refs,
    Reply,
    Route,
    Strength,
    TemplateChanged,
    clean,
    make_interest,
    one_line,
)
from mailbridge.sdk.language import language_of
from mailbridge.sdk.links import canonical_url
from mailbridge.sdk.people import emails_in, phones_in

_HELPDESK_SUBJECT = re.compile(r"^\[(?P<ticket>[\w-]+-\d+)\] ")
_LABEL = re.compile(r"^[\s>]*+(?P<label>[^:：\n]{1,40}?)\s{0,20}[:：]\s++(?P<value>\S.*?)\s*$")
_TICKET_LINK = re.compile(r"https?://\S+")
_TICKET_PAGE = re.compile(r"^https?://.*/\d+/?$")
# Ticket, queue, title, opened, submitter, priority, status, link. Mails about later events name an assignee too.
_LINES_OF_NEW = 8

_RT_TICKET = re.compile(r"(?P<place>\S+) #(?P<number>\d+)")
_RT_NEW = re.compile(r"^[\s>]*Transaction:\s+Ticket created by ", re.MULTILINE)
_RT_LINK = re.compile(r"^[\s>]*(?:Ticket URL:|Ticket <URL:)\s*(?P<url>https?://[^\s>]+)[\s>]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Ticket:
    network: str
    channel: Channel
    place: str
    number: str
    title: str
    email: str
    url: str
    text: str


def _is_helpdesk(mail: Mail) -> bool:
    subject = _HELPDESK_SUBJECT.match(mail.subject)
    return subject is not None and any(
        match["value"] == f"[{subject['ticket']}]" for line in _lines(mail) if (match := _LABEL.match(line))
    )


def _is_request_tracker(mail: Mail) -> bool:
    return "X-RT-Ticket" in mail.headers


def _lines(mail: Mail) -> list[str]:
    return clean(mail.words).split("\n")


def _helpdesk(mail: Mail) -> _Ticket | None:
    """Read the block of labels by its order; None when it tells of something later than the opening."""
    subject = _HELPDESK_SUBJECT.match(mail.subject)
    ticket = subject["ticket"] if subject else ""
    lines = _lines(mail)
    matches = [_LABEL.match(line) for line in lines]
    start = next((at for at, match in enumerate(matches) if match and match["value"] == f"[{ticket}]"), None)
    if start is None:
        raise TemplateChanged("no_ticket_number")
    end = next((at for at in range(start, len(lines)) if not lines[at]), len(lines))
    values = [match["value"] for match in matches[start:end] if match]
    url = _link(mail, values)
    if not url:
        return None
    return _Ticket(
        network="django_helpdesk",
        channel="form",
        place=mail.sender.domain,
        number=ticket,
        title=one_line(html.unescape(values[2])),
        email=next(iter(emails_in(values[4])), ""),
        url=canonical_url(url),
        text=_described(mail, lines[end:]),
    )


def _link(mail: Mail, values: Sequence[str]) -> str:
    """Return the link to a new ticket: the last value, in HTML behind words without a label; "" when it is not new."""
    written = _TICKET_LINK.search(values[-1]) if values else None
    if written and len(values) == _LINES_OF_NEW:
        return written.group()
    if written or len(values) != _LINES_OF_NEW - 1:
        return ""
    return next((link.href for link in mail.html.links if _TICKET_PAGE.search(link.href)), "")


def _described(mail: Mail, lines: list[str]) -> str:
    """The text stands under a label of its own and ends above the queue's signature: a greeting, its name, its address.

    Raises:
        TemplateChanged: There is no such signature.
    """
    filled = [at for at, line in enumerate(lines) if line.strip()]
    queue, address = mail.sender.name, mail.sender.email
    signature = next(
        (
            number
            for number, at in reversed(list(enumerate(filled)))
            if lines[at] == queue and number + 1 < len(filled) and lines[filled[number + 1]].strip().lower() == address
        ),
        None,
    )
    if signature is None or signature < 2:
        raise TemplateChanged("no_queue_signature")
    greeting = filled[signature - 1]
    return clean(html.unescape("\n".join(lines[filled[0] + 1 : greeting])))


def _request_tracker(mail: Mail) -> _Ticket | None:
    where = _RT_TICKET.search(mail.headers.get("X-RT-Ticket"))
    body = clean(mail.words)
    link = _RT_LINK.search(body)
    if where is None or link is None or not _RT_NEW.search(body):
        return None
    values = {
        match["label"]: match["value"] for line in body[: link.end()].split("\n") if (match := _LABEL.match(line))
    }
    email = next(iter(emails_in(values.get("Requestors", ""))), "")
    return _Ticket(
        network="request_tracker",
        channel="email",
        place=where["place"],
        number=where["number"],
        title=values.get("Subject", ""),
        email=email,
        url=canonical_url(link["url"]),
        text=clean(body[link.end() :]),
    )


class TicketsParser:
    """Reads what ticket systems tell the staff about a new ticket."""

    manifest: ClassVar[Manifest] = Manifest(
        name="tickets",
        title="Tickets (django-helpdesk, Request Tracker)",
        evidence="real",
        docs="docs/parsers/tickets.md",
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("django-helpdesk", Strength.SIGN, match=_is_helpdesk),
        Route("x-rt-ticket", Strength.SIGN, match=_is_request_tracker),
    )

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the request that opened a ticket."""
        ticket = _request_tracker(mail) if _is_request_tracker(mail) else _helpdesk(mail)
        if ticket is None:
            return Ignored("ticket")
        return [
            make_interest(
                mail,
                kind="request",
                channel=ticket.channel,
                network=ticket.network,
                key=("ticket", ticket.place, ticket.number),
                url=ticket.url,
                title=ticket.title,
                author=Author(email=ticket.email or None, phones=_phones(ticket)),
                text=ticket.text,
                reply=_reply(ticket),
                refs=Refs(thread=ticket.number),
                language=language_of(ticket.text),
            )
        ]


def _reply(ticket: _Ticket) -> Reply:
    """Staff answers a ticket where it is kept; the customer's address is there as well."""
    if ticket.network == "django_helpdesk" and ticket.url:
        return Reply(method="link", target=ticket.url)
    return Reply(method="email", target=ticket.email) if ticket.email else Reply()


def _phones(ticket: _Ticket) -> tuple[str, ...]:
    """A mail that became a ticket carries its author's signature; a form's text may name anybody's phone."""
    return tuple(phones_in(ticket.text)) if ticket.channel == "email" else ()
