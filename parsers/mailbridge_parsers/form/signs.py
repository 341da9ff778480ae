"""What speaks for a form where no system gave itself away: many programs write labels and values."""

import re

from mailbridge.sdk import Mail, emails_in, fold, host_of, urls_in
from mailbridge_parsers.form.contacts import Contacts, contacts_of
from mailbridge_parsers.form.footers import is_footer
from mailbridge_parsers.form.item import Style
from mailbridge_parsers.form.kinds import names_form
from mailbridge_parsers.form.labels import ASKED, CONTACTS, Role, Whose, label_key, whose
from mailbridge_parsers.form.reading import Reading
from mailbridge_parsers.form.site import FREE_DOMAINS, Site
from mailbridge_parsers.form.words import CORE_NAMES, VISITOR_STEMS

_ENOUGH = 3
_LAST = 5
_WORDS_LEFT = re.compile(
    r"new comment\b|нов\w+ (?:комментари|отзыв)|new (?:[\w-]+ ){0,2}review\b|left a(?: new)? review\b"
)
_SPEAKS_FOR = re.compile(r"\w (?:via|через) \w", re.IGNORECASE)
_TO_A_PERSON = re.compile(
    r"(?:здравствуй(?:те)?|добр(?:ый|ое) \w+|уважаем\w+|приветству\w+|hello|hi|hey|dear)[,\s]+(?!there\b|all\b|team\b"
    r"|коллеги|администратор|admin|клиент\b|абонент|партн|customer|client|user|owner|менеджер|manager)\w+"
)


def speaks_for_form(mail: Mail, reading: Reading, site: Site) -> bool:
    """Whether fields of an unknown program are those of a form that somebody filled in.

    An invoice has a phone too, and a parcel a name: it takes a heading that speaks of a form, labels that speak to the
    visitor, or a visitor's own address in the header, or else hardly anything but name, contact and words.
    """
    found = contacts_of(reading, site, "RU")
    named = _names_form(mail, reading) or _tells_of_words(mail, reading, found)
    if not (named or found.email or found.phones):
        return False
    signs = (
        (3, named),
        (2, _speaks_to_visitor(reading)),
        (2, _is_from_visitor(mail, reading)),
        (2, bool(reading.all(Role.UTM))),
        (2, _names_own_page(mail, reading)),
        (1, _comes_from_the_company(mail)),
        (
            2,
            bool(reading.all(Role.TEXT))
            and any("ip" in label_key(one.label).split() for one in reading.all(Role.TECHNICAL)),
        ),
        (1, bool(reading.all(Role.PAGE, Role.CONSENT, Role.CALL_TIME))),
        (1, any(label_key(one.label) in CORE_NAMES for one in reading.all(Role.NAME, Role.FIRST))),
        (1, bool(found.email or found.phones)),
        (1, bool(reading.all(Role.TEXT))),
        (1, _asks_mostly(reading)),
        (3, _shows_whole_person(reading)),
        (1, _is_sheet(reading)),
        (-1, _comes_from_elsewhere(mail)),
        (-2, _SPEAKS_FOR.search(mail.sender.name) is not None),
        (-3, any(_TO_A_PERSON.match(fold(item.text)) for item in reading.loose[: reading.heads])),
    )
    return sum(weight for weight, holds in signs if holds) >= _ENOUGH


def _tells_of_words(mail: Mail, reading: Reading, found: Contacts) -> bool:
    """Whether the subject tells of a comment or a review, and the fields say whose it is and what it says."""
    return bool(found.name and reading.all(Role.TEXT)) and _WORDS_LEFT.search(fold(mail.subject)) is not None


def speaks_clearly(mail: Mail, reading: Reading, site: Site) -> bool:
    """Whether there is a visitor with a contact, and the header or the form's own marks vouch for it."""
    found = contacts_of(reading, site, "RU")
    has_visitor = bool(found.name and (found.email or found.phones))
    is_own = _comes_from_the_company(mail) and bool(reading.all(Role.TEXT))
    vouched = is_own or _is_from_visitor(mail, reading)
    return has_visitor and (vouched or bool(reading.all(Role.UTM, Role.PAGE, Role.TECHNICAL)))


def _names_form(mail: Mail, reading: Reading) -> bool:
    heads = [item.text for item in reading.loose[: reading.heads][:6]]
    headings = [one.label for one in reading.fields[:2] if not one.value]
    return any(map(names_form, (mail.subject, *heads, *headings)))


def _speaks_to_visitor(reading: Reading) -> bool:
    labels = (label_key(one.label).split() for one in reading.all(*ASKED))
    return any(word.startswith(VISITOR_STEMS) for words in labels for word in words)


def _is_from_visitor(mail: Mail, reading: Reading) -> bool:
    typed = {email for one in reading.all(Role.EMAIL, Role.NAME) for email in emails_in(one.value)}
    own = {one.email for one in mail.recipients}
    return not typed.isdisjoint({mail.sender.email, *(one.email for one in mail.reply_to)} - own)


def _names_own_page(mail: Mail, reading: Reading) -> bool:
    """Whether a field tells on which page of the sender's site it happened."""
    said = [one.value for one in reading.all(Role.PAGE)]
    said += [words[start:end] for words in _closing_lines(reading) for start, end in urls_in(words)]
    return any(mail.sender.is_of(host.removeprefix("www.")) for host in map(host_of, said) if host)


def _closing_lines(reading: Reading) -> list[str]:
    """The template's closing words that tell an address: "Sent from https://…"."""
    return [item.text for item in reading.loose[-_LAST:] if "://" in item.text and is_footer(item.text)]


def _companies(mail: Mail) -> set[str]:
    return {one.domain for one in mail.recipients} - FREE_DOMAINS


def _comes_from_the_company(mail: Mail) -> bool:
    return mail.sender.domain in _companies(mail) or mail.sender.email in {one.email for one in mail.recipients}


def _comes_from_elsewhere(mail: Mail) -> bool:
    companies = _companies(mail)
    return bool(companies) and not mail.sender.is_of(*companies)


def _shows_whole_person(reading: Reading) -> bool:
    """Whether cells of a table hold name, address and number of one person."""
    in_cells = [one for one in reading.fields if one.style is Style.CELL and one.value and not one.is_doubtful]
    roles = {one.role for one in in_cells if whose(one.label) is Whose.AUTHOR}
    return {Role.EMAIL, Role.PHONE} <= roles and bool(roles & {Role.NAME, Role.FIRST})


def _is_sheet(reading: Reading) -> bool:
    """Whether there is hardly anything but labelled lines, among them the author's name and a way to answer."""
    filled = [one for one in reading.fields if one.value and not one.is_doubtful]
    roles = {one.role for one in filled if whose(one.label) is Whose.AUTHOR}
    others = [item.text for item in reading.loose if not (item.is_rule or item.is_button or is_footer(item.text))]
    named = bool(roles & {Role.NAME, Role.FIRST}) and bool(roles & {Role.EMAIL, Role.PHONE})
    return named and len(filled) >= _ENOUGH and all(map(names_form, others)) and not reading.goods


def _asks_mostly(reading: Reading) -> bool:
    filled = [one for one in reading.fields if one.value and not one.is_doubtful]
    asked = {one.role for one in filled} & ASKED
    count = sum(one.role in ASKED for one in filled)
    return len(asked) > 1 and bool(asked & CONTACTS) and count * 2 >= len(filled)
