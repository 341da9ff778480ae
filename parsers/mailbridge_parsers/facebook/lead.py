"""Leads of Facebook's own forms: labelled fields, where the mail holds them; most mails only say that there is one."""

import re

from mailbridge.sdk import (
    Author,
    FormField,
    Interest,
    Mail,
    Notice,
    Pair,
    ParseError,
    Product,
    Refs,
    Reply,
    fold,
    is_email,
    is_phone,
    is_robot,
    language_of,
    make_interest,
    person_name,
    phone,
    text_layout,
)
from mailbridge.sdk.pairs import pairs_of

_IS_LEAD = re.compile(r"\bnew leads?\b|\bнов\w+ лид\w*", re.IGNORECASE)
_NAMES = frozenset({"full name", "name", "полное имя", "имя и фамилия", "фио"})
_FIRST, _LAST = frozenset({"first name", "имя"}), frozenset({"last name", "фамилия"})
_FORM = re.compile(r"(?:form|форм\w*)\s*:?\s*[«\"“]?(?P<form>[^»\"”]{2,100})[»\"”]?\s*$", re.IGNORECASE)
_NO_FIELD = re.compile(r"facebook|meta\b|unsubscribe|https?$|отпис", re.IGNORECASE)


def is_lead(mail: Mail, event: str) -> bool:
    """Whether the mail announces a lead of a form."""
    return event.startswith("lead") or "_lead" in event or bool(_IS_LEAD.search(mail.subject))


def read_lead(mail: Mail, notice: Notice) -> list[Interest]:
    """Read the fields by their labels, contacts by what they are.

    Raises:
        ParseError: "lead_without_contacts": the mail only says that there is a lead, or its labels are unknown.
    """
    pairs = [pair for pair in _pairs(mail) if pair.value and not _NO_FIELD.search(pair.label)]
    email = next((pair for pair in pairs if is_email(pair.value) and not _is_ours(mail, pair.value)), None)
    number = next((pair for pair in pairs if is_phone(pair.value)), None)
    if email is None and number is None:
        raise ParseError("lead_without_contacts", f"subject {mail.subject[:100]!r}")
    names = _names(pairs)
    rest = [pair for pair in pairs if pair not in {email, number, *names}]
    address = email.value.strip().lower() if email else None
    dialled = phone(number.value) if number else None
    name = person_name(" ".join(pair.value for pair in names)) or None
    form = _FORM.search(mail.subject)
    return [
        make_interest(
            mail,
            kind="request",
            channel="social",
            network="facebook",
            title=notice.place or (form["form"] if form else None),
            url=notice.place_url or None,
            author=Author(
                name=name,
                email=address,
                phones=(dialled,) if dialled else (),
            ),
            text="\n".join(f"{pair.label}: {pair.value}" for pair in rest) or None,
            product=notice.product or Product(),
            reply=Reply(method="email" if address else "phone", target=address or dialled),
            refs=Refs(form=form["form"] if form else None),
            fields=tuple(FormField(label=pair.label, value=pair.value) for pair in rest),
            language=language_of(mail.words),
        )
    ]


def _names(pairs: list[Pair]) -> list[Pair]:
    """The first whole name, else the first given name and surname: further ones were typed into an answer."""
    whole, first, last = (
        next((pair for pair in pairs if fold(pair.label).replace("_", " ") in labels), None)
        for labels in (_NAMES, _FIRST, _LAST)
    )
    return [pair for pair in ((whole,) if whole else (first, last)) if pair]


def _called(pair: Pair) -> str:
    """The label in words: some mails show the field's key, "full_name"."""
    return fold(pair.label).replace("_", " ")


def _pairs(mail: Mail) -> list[Pair]:
    found = mail.html.pairs() if mail.html else []
    return found or pairs_of(list(text_layout(mail.text)))


def _is_ours(mail: Mail, value: str) -> bool:
    return is_robot(value) or value.strip().lower() in {address.email for address in mail.recipients}
