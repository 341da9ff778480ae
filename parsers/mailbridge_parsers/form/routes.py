"""By what a form mail is known."""

import re

from mailbridge.sdk import Mail, Route, Strength, fold, phones_in, split_label
from mailbridge.sdk.pasted import pasted_chat
from mailbridge_parsers.form.best import best_reading
from mailbridge_parsers.form.contacts import contacts_of
from mailbridge_parsers.form.copies import copy_reason, is_visitor_copy
from mailbridge_parsers.form.item import Style
from mailbridge_parsers.form.kinds import names_form
from mailbridge_parsers.form.labels import CONTACTS, Role, label_key, role_of
from mailbridge_parsers.form.letters import read_letter
from mailbridge_parsers.form.reading import Reading
from mailbridge_parsers.form.signs import speaks_clearly, speaks_for_form
from mailbridge_parsers.form.site import FREE_DOMAINS, Site
from mailbridge_parsers.form.systems import SYSTEMS

_OTHERS = re.compile(r"comment\.php\?action=|#isso-\d")
_QUOTE = re.compile(
    r"^>|^-{2,}\s*(?:forwarded|original|пересыла|исходное|переадрес)|^(?:on|в|от) .{5,200}(?:wrote|написал\w*|пишет"
    r"|a écrit):?$",
    re.IGNORECASE | re.MULTILINE,
)
_REPLY = re.compile(r"^(?:re|fwd?|ответ|отв|пересл)\s*(?:\[\d+\])?:", re.IGNORECASE)
_GREETING = re.compile(
    r"(?:здравствуй|добр(?:ый|ого|ое) |приветств|уважаем|hello|hi\b|dear|good (?:day|morning|afternoon))"
)
_LISTS = ("List-Unsubscribe", "List-Post", "List-Id", "Mailing-List", "X-Campaign", "X-MC-User", "X-Cron-Env")
_OF_LISTS = ("List-Post", "List-Id", "Mailing-List", "X-Campaign", "X-MC-User", "Precedence")
_FROM = frozenset(["from", "от"])
_HEADER = frozenset(["to", "кому", "cc", "копия", "message id", "mime version", "content type", "sent", "отправлено"])
_HEADS = 12
_MAIL_PROGRAM = re.compile(
    r"@mail\.gmail\.com>|outlook|thunderbird|apple mail|iphone mail|ipad mail|the bat!|mail\.ru mailer|yandex",
    re.IGNORECASE,
)


def _is_ours(mail: Mail) -> bool:
    return not _OTHERS.search(mail.words)


def _is_signed(mail: Mail) -> bool:
    if not _is_ours(mail):
        return False
    signed = any(system.is_sign and system.signed(mail) for system in SYSTEMS)
    return signed or read_letter(mail) is not None or is_visitor_copy(mail)


def _is_laid_out(mail: Mail) -> bool:
    """At least two labelled fields, one of them a contact or the free text, and no letter of a person."""
    if not _is_ours(mail) or any(name in mail.headers for name in _LISTS) or _is_conversation(mail):
        return False
    reading, site = best_reading(mail), Site(mail)
    roles = {one.role for one in reading.fields} - {None, Role.SECTION, Role.TECHNICAL}
    if len(roles) < 2 or not roles & (CONTACTS | {Role.TEXT}):
        return False
    if _holds_header(reading):
        return False
    if not _begins_with_fields(reading):
        return False
    if copy_reason(mail, reading, site):
        return True
    return not _is_letter(mail, reading) and speaks_for_form(mail, reading, site)


def _is_conversation(mail: Mail) -> bool:
    headers = mail.headers
    if _begins_with_chat(mail):
        return True
    answers = bool(headers.get("In-Reply-To").strip() or headers.get("References").strip())
    if _REPLY.match(mail.subject) or answers:
        return True
    # A visitor may quote a mail; the site's own mail about a form is no answer for that.
    is_form = Site(mail).sender_is_site and names_form(mail.subject)
    return not is_form and _QUOTE.search(mail.words) is not None


def _begins_with_chat(mail: Mail) -> bool:
    """Whether a person pasted a chat below hardly a word of their own: no form begins so."""
    chat = pasted_chat(mail.words) if "[" in mail.words or ":" in mail.words else None
    if chat is None:
        return False
    asked = (split_label(line) for line in chat.above.split("\n"))
    return not any(pair and role_of(pair[0]) is not None for pair in asked)


def _holds_header(reading: Reading) -> bool:
    """Whether the labels are those of another mail's header: a mail passed on, a digest."""
    if any(one.role is Role.TEXT and one.label for one in reading.fields):
        return False
    keys = {label_key(one.label) for one in reading.fields}
    return not keys.isdisjoint(_FROM) and not keys.isdisjoint(_HEADER)


def _begins_with_fields(reading: Reading) -> bool:
    above = reading.loose[: reading.heads]
    return len(above) <= _HEADS and sum(len(item.text) for item in above) <= 1500


def _is_letter(mail: Mail, reading: Reading) -> bool:
    """A person's words with their contacts below, as in a signature."""
    if Site(mail).sender_is_site or names_form(mail.subject) or any(one.style is Style.CELL for one in reading.fields):
        return False
    above = [fold(item.text) for item in reading.loose[: reading.heads]]
    if _names_another(mail, reading) and above and not any(names_form(line) for line in above):
        return True
    greets = any(_GREETING.match(line) for line in above)
    talks = sum(len(line.split()) for line in above) > 15 and not any(names_form(line) for line in above)
    return greets or talks


def _names_another(mail: Mail, reading: Reading) -> bool:
    """Whether the fields are of somebody else than the person who wrote the mail by hand."""
    made_by = " ".join(mail.headers.get(name) for name in ("X-Mailer", "User-Agent", "Message-ID"))
    if mail.sender.domain not in FREE_DOMAINS and not _MAIL_PROGRAM.search(made_by):
        return False
    sender, name = fold(mail.sender.name).split(), fold(reading.first(Role.NAME)).split()
    emails = {one.value.strip().lower() for one in reading.all(Role.EMAIL)}
    return len(sender) > 1 and bool(name) and set(sender).isdisjoint(name) and mail.sender.email not in emails


def _is_named(mail: Mail) -> bool:
    if not _is_ours(mail) or _is_conversation(mail) or not names_form(mail.subject):
        return False
    if any(name in mail.headers for name in _LISTS) or "Precedence" in mail.headers:
        return False
    reading, site = best_reading(mail), Site(mail)
    if any(one.role in CONTACTS | {Role.TEXT, Role.AMOUNT} for one in reading.fields):
        return True
    found = contacts_of(reading, site, "RU")
    return bool(found.email or found.phones) or (site.sender_is_site and bool(phones_in(mail.words)))


def _is_clear(mail: Mail) -> bool:
    """A form whose service lets one unsubscribe, as newsletters do: it takes more signs than a layout."""
    if not _is_ours(mail) or _is_conversation(mail) or any(name in mail.headers for name in _OF_LISTS):
        return False
    if "List-Unsubscribe" not in mail.headers or not names_form(mail.subject):
        return False
    return speaks_clearly(mail, best_reading(mail), Site(mail))


ROUTES = (
    Route(
        "form-service",
        Strength.SENDER,
        senders=tuple(sender for system in SYSTEMS if system.is_sign for sender in system.senders),
        match=_is_ours,
    ),
    Route("form-sign", Strength.SIGN, match=_is_signed),
    Route("form-beside-unsubscribe", Strength.SIGN, match=_is_clear),
    Route("label-value-layout", Strength.STRUCTURE, match=_is_laid_out),
    Route("form-subject", Strength.WORDS, match=_is_named),
)
