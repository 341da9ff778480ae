"""VK Ads: leads of advertising forms, sent by vk.company or ads.vk.com as labelled lines."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from mailbridge.sdk import (
    Author,
    FormField,
    Ignored,
    Interest,
    Mail,
    Manifest,
    NoConfig,
    ParseError,
    Precision,
    Refs,
    Reply,
    Route,
    Strength,
    TemplateChanged,
    date_in_mail,
    fold,
    html_lines,
    is_email,
    language_of,
    make_interest,
    noise_in,
    one_line,
    paragraphs,
    person_name,
    phone,
    text_lines,
)

_DOMAINS = ("vk.company", "ads.vk.com", "ads.vk.ru")
_SUBJECT = re.compile(
    r"\s*(?:новая заявка|новый лид|new lead|new application)\s*(?:(?:от|с|из|по|from|for)\s+)?"
    r"(?:(?:лид-?)?форм[аыеу]|(?:the )?(?:lead )?form)?\s*(?::\s*|(?=[«\"“]))(?P<form>.+)",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"(?P<label>[^:\n]{1,80}?)\s*:\s?(?P<value>.*)", re.DOTALL)
_ABOUT_ADS = re.compile(
    r"объявлени|кампани|баланс|сч[её]т|модерац|бюджет|кабинет|оплат|campaign|budget|moderation|balance|invoice",
    re.IGNORECASE,
)
_QUESTION = frozenset({"вопрос", "question"})
_ANSWER = frozenset({"ответ", "ответы", "answer", "answers"})
_MEANINGS: dict[str, frozenset[str]] = {
    "form": frozenset({"название лид-формы", "лид-форма", "форма", "название формы", "имя формы", "form", "form name"}),
    "form_id": frozenset({"id формы", "id лид-формы", "идентификатор формы", "form id"}),
    "lead": frozenset({"id лида", "id заявки", "номер заявки", "идентификатор лида", "lead id"}),
    "filled": frozenset({"время лида на момент заполнения формы", "время лида", "время заполнения", "дата заполнения"}),
    "sent": frozenset({"дата отправки", "дата", "дата и время", "дата заявки", "date", "sent at"}),
    "name": frozenset({"имя", "имя и фамилия", "фио", "ф.и.о.", "полное имя", "name", "full name"}),
    "surname": frozenset({"фамилия", "last name", "surname"}),
    "phone": frozenset({"телефон", "номер телефона", "номер", "мобильный телефон", "phone", "phone number"}),
    "email": frozenset({"email", "e-mail", "почта", "электронная почта", "адрес электронной почты", "mail"}),
    "comment": frozenset({"комментарий", "сообщение", "пожелания", "comment", "message"}),
}  # fmt: skip
_EDITORS = frozenset({"info", "news", "promo", "marketing", "hello", "digest", "edu", "blog"})
_CONTACTS = ("name", "phone", "email")
_SAME_CLOCK = timedelta(hours=1)


@dataclass
class _Lead:
    """What the lines say: first occurrences of known labels, all others in order, questions with answers."""

    known: dict[str, str] = field(default_factory=dict)
    labelled: list[tuple[str, list[str]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def fields(self) -> list[FormField]:
        """Labels that nobody knows, and questions, with what was answered; empty answers left out."""
        found = (FormField(label=label, value="\n".join(lines).strip()) for label, lines in self.labelled)
        return [one for one in found if one.value]


class VkAdsParser:
    """Reads leads line by line, by label and never by position; unknown labels are kept."""

    manifest: ClassVar[Manifest] = Manifest(
        name="vk_ads",
        version="3",
        title="VK Ads",
        evidence="reported",
        domains=_DOMAINS,
        trust="require",
        guarded_names=frozenset({"vk реклама", "vk ads", "вк реклама"}),
    )
    Config: ClassVar[type[NoConfig]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("sender", Strength.SENDER, senders=_DOMAINS),)

    def __init__(self, config: NoConfig | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the lead of one mail; see `Parser`."""
        subject = _SUBJECT.match(mail.subject)
        lead = _read(_lines(mail))
        if subject is None and not any(lead.known.get(name) for name in ("phone", "email")):
            reason = noise_in(mail.subject) or ("service" if _ABOUT_ADS.search(mail.subject) else None)
            reason = reason or ("newsletter" if _is_editorial(mail) else None)
            if reason:
                return Ignored(reason)
            raise ParseError("unknown_event", f"subject {mail.subject[:100]!r}")
        if not any(lead.known.get(name) for name in _CONTACTS):
            raise TemplateChanged("no_author", "no label for name, phone or e-mail")
        return [_interest(mail, lead, subject["form"] if subject else "")]


def _is_editorial(mail: Mail) -> bool:
    return mail.sender.email.partition("@")[0] in _EDITORS or "List-Unsubscribe" in mail.headers


def _lines(mail: Mail) -> list[str]:
    shown = mail.html.text.strip() if mail.html else ""
    if "\t" in shown:
        return [_row(line) for line in shown.split("\n")]
    lines = html_lines(mail.html_source) if shown else text_lines(mail.text)
    return [line.text for line in lines]


def _row(line: str) -> str:
    """A table row of a label and a value as a labelled line."""
    label, tab, value = line.partition("\t")
    return f"{label.rstrip(': ')}: {value.strip()}" if tab and "\t" not in value.strip() else line


def _read(lines: Iterable[str]) -> _Lead:
    """Take labels top-down, the first of a kind wins; after the first question nothing but answers is a label."""
    lead = _Lead()
    question = ""
    label = ""
    for line in lines:
        match = _LABELLED.fullmatch(line)
        name = fold(match["label"]) if match else ""
        if match and name in _QUESTION:
            question, label = match["value"].strip(), "question"
            lead.said.append(line)
        elif match and name in _ANSWER and question:
            lead.labelled.append((question, [match["value"].strip()]))
            lead.said.append(line)
            label = "answer"
        elif label in {"question", "answer"} and not _is_late_contact(lead, name):
            _go_on(lead, line)
        elif match:
            label = _keep(lead, match["label"].strip(), name, match["value"].strip())
    return lead


def _is_late_contact(lead: _Lead, name: str) -> bool:
    """A layout with the questions first: no contact was seen yet."""
    return not any(lead.known.get(one) for one in _CONTACTS) and any(name in _MEANINGS[one] for one in _CONTACTS)


def _go_on(lead: _Lead, line: str) -> None:
    """An answer of several lines."""
    if lead.said:
        lead.said.append(line)
    if lead.labelled:
        lead.labelled[-1][1].append(line)


def _keep(lead: _Lead, label: str, name: str, value: str) -> str:
    meaning = next((one for one, labels in _MEANINGS.items() if name in labels), "")
    if not meaning and value and _SUBJECT.fullmatch(f"{label}: {value}"):
        meaning = "form"  # the subject once more, as the first line
    if meaning and meaning not in lead.known:
        lead.known[meaning] = value
    elif value:
        lead.labelled.append((label, [value]))
    return meaning or "other"


def _interest(mail: Mail, lead: _Lead, form: str) -> Interest:
    known = lead.known
    author = _author(known)
    _keep_unread(lead, author)
    text = paragraphs("\n".join((known.get("comment", ""), *lead.said)))
    return make_interest(
        mail,
        kind="request",
        channel="social",
        network="vk",
        key=("lead", known["lead"]) if known.get("lead") else None,
        title=known.get("form") or form or None,
        when=_when(mail, known),
        author=author,
        text=text or None,
        reply=_reply(author),
        refs=Refs(form=known.get("form_id") or known.get("form") or form),
        fields=tuple(lead.fields),
        language=language_of(mail.words) or "ru",
    )


def _author(known: dict[str, str]) -> Author:
    name = one_line(f"{known.get('name', '')} {known.get('surname', '')}")
    typed = known.get("phone", "")
    email = known.get("email", "").lower()
    return Author(
        name=person_name(name) or None,
        email=email if is_email(email) else None,
        phones=(phone(typed),) if typed else (),
    )


def _keep_unread(lead: _Lead, author: Author) -> None:
    """What was typed into a contact field and is none must not get lost."""
    for name, read in (("name", author.name), ("email", author.email)):
        if lead.known.get(name) and not read:
            lead.labelled.insert(0, (name, [lead.known[name]]))


def _when(mail: Mail, known: dict[str, str]) -> tuple[datetime, Precision] | None:
    """When the form was filled in; "время лида" is the lead's own clock, so only where it agrees with ours."""
    sent = mail.date or mail.received_at
    for name in ("filled", "sent"):
        when = date_in_mail(known.get(name, ""), mail)
        if when and (name == "sent" or abs(sent - when[0]) < _SAME_CLOCK):
            return when
    return None


def _reply(author: Author) -> Reply:
    if author.email:
        return Reply(method="email", target=author.email)
    return Reply(method="phone", target=author.phones[0]) if author.phones else Reply()
