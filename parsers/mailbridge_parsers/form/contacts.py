"""Who filled in the form."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mailbridge.sdk import emails_in, fold, is_email, is_phone, one_line, person_name, phone, phones_in
from mailbridge.sdk.names import is_name
from mailbridge.sdk.pairs import split_label
from mailbridge_parsers.form.footers import is_footer
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.kinds import asks_call
from mailbridge_parsers.form.labels import ASKED, CONTACTS, Role, Whose, label_key, whose
from mailbridge_parsers.form.reading import Field, Reading
from mailbridge_parsers.form.site import Site
from mailbridge_parsers.form.words import CONTACT_WAYS, IDS, WEAK_NAMES

_UNREPLACED = re.compile(r"\[[\w .:*-]+\]|\{\{?[\w .:#$-]+\}?\}|%%?[\w-]+%%?|\$\{?\w+\}?|#[A-Z][A-Z0-9_]+#|<[\w-]+>")
_LONGEST_TAGS = 200
_AROUND_TAGS = " <>(),;|/-"
_NOBODY = re.compile(
    r"(?:не (?:указан\w*|заполнен\w*|задан\w*|зарегистрирован\w*)|нет|none|null|undefined|n/?a|anonymous|аноним\w*"
    r"|anonymous ?user|гость|guest"
    r"|(?:the |a |new |один из )?(?:visitor|customer|client|user|buyer|someone|somebody|anybody|consumer|lead)s?"
    r"|(?:нов\w+ )?(?:пользовател\w+|посетител\w+|клиент\w*|покупател\w+|заказчик\w*|кто-то|некто)"
    r"|(?:ваш|your) (?:клиент|посетитель|пользователь|покупатель|заказчик|customer|visitor|client|user)"
    r"|no name|без имени|unknown|not (?:provided|specified)|-+|—|\[\].*|\[\d+\].*)"
)
_FURTHER = frozenset(
    [
        "whatsapp",
        "viber",
        "доп",
        "дополнительный",
        "второй",
        "другой",
        "2",
        "second",
        "alternative",
        "mobile",
        "мобильный",
        "моб",
        "сотовый",
        "cell",
    ]
)
_NUMBER_BEHIND = re.compile(
    r"[\s,;(]{0,20}(?:тел\w*\.?:?|phone:?|моб\w*\.?:?)?\s{0,20}\+?\d[\d\s()-]{6,60}\d\)?", re.IGNORECASE
)
_WHO = (
    r"(?:[Пп]осетитель|[Кк]лиент|[Пп]ользователь|[Пп]окупатель|[Зз]аказчик|[Сс]оискатель|[Кк]андидат|[Гг]ость"
    r"|[Аа]рендатор"
    r"|[Пп]ациент|[Уу]ченик|[Vv]isitor|[Cc]ustomer|[Cc]lient|[Uu]ser|[Gg]uest|[Aa]pplicant|[Bb]uyer|[Tt]enant)"
)
_WORD = r"[A-ZА-ЯЁ][\w'’.-]*"
_WHO_BEFORE = re.compile(rf"^{_WHO} (?={_WORD} {_WORD})")
_ANNOUNCED = re.compile(
    r"(?i:message|enquiry|inquiry|request|lead|order|submission|booking|conversation|chat|ticket|question|reservation"
    r"|сообщение|заявка|вопрос|обращение|заказ|звонок|диалог|чат|отклик|запись|бронь|бронирование)"
    r"(?: (?:has been|was) \w{2,12})? (?:from|by|with|от|с) (?:клиента |посетителя |пользователя |customer |visitor )?"
    rf"(?P<name>{_WORD}(?: (?:(?:and|и|&) )?{_WORD}){{0,3}}?)"
    r"(?:[.!:]?$| (?:via|on|through|about|for|at|с сайта|через|на сайте) | has been received|,? \(?(?:[Ee]-?mail"
    r"|[Тт]ел\b|[Тт]елефон|[Pp]hone))"
    rf"|(?:с именем|по имени|named) (?P<named>{_WORD}(?: {_WORD}){{0,3}})"
    rf"|откликнул(?:ся|ась) (?P<applied>{_WORD}(?: {_WORD}){{0,3}})"
    rf"|\b{_WHO} (?P<who>{_WORD}(?: {_WORD}){{0,3}}),? (?:\([^()]{{1,60}}\) )?"
    rf"(?!на |в |с |из |от |at |on |from |in )[a-zа-яё]"
    rf"|^(?P<did>{_WORD} {_WORD}(?: {_WORD})?|[А-ЯЁ][а-яё]+) (?:has |just |have |только что )?(?:submitted|sent"
    rf"|left|filled"
    r"|requested|booked|started|opened|wrote|asked|contacted|ordered|(?:напис|оставил|отправил|заказал|задал"
    r"|записал|спросил)\w*)\b"
)
_COUPLE = re.compile(" (?:and|и|&) ")
_LEADS_TO_NAME = re.compile(
    r"(?:\b(?:from|by|applicant|candidate|customer|visitor|client|guest|user|lead|applied)"
    r"|\b(?:от|соискател[ья]|кандидат[а]?|клиент[а]?|посетител[ья]|пользовател[ья]|покупател[ья]|гост[ья]"
    r"|откликнул\w+))"
    r"[:.!]?\s*$",
    re.IGNORECASE,
)
"""Ends a line that has the name of who asks below it."""
_CALLED_FROM = re.compile(
    r"\b(?:с номера|от номера|от абонента|from(?: number)?"
    r"|caller:?) {0,3}(?P<number>\+?\d[\d ()-]{8,18}\d)",
    re.IGNORECASE,
)
_SHOWN = re.compile(
    rf"(?<!\w)(?P<name>{_WORD}(?: {_WORD}){{0,3}})\s?[(<,]\s?(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"(?P<more>,[^()<>]{5,40})?(?:[)>]|$)"
)
_FEWEST_DIGITS = 5
_DIGITS_OF_NUMBER = 7
_SENTENCES = 20
_FEW = 4


def filled(value: str) -> str:
    """Return a value, "" when it is nothing but tags that the template left: "[your-name] <[your-email]>"."""
    if _UNREPLACED.fullmatch(value.strip()):
        return ""
    rest = _UNREPLACED.sub("", value) if len(value) <= _LONGEST_TAGS else value
    return value if rest == value or rest.strip(_AROUND_TAGS) else ""


@dataclass(slots=True)
class Contacts:
    """The author, and the fields that were used up for it."""

    name: str = ""
    email: str = ""
    phones: list[str] = field(default_factory=list)
    used: list[Field] = field(default_factory=list)


def _take_shown(found: Contacts, reading: Reading, site: Site, region: str | None) -> None:
    """A line above the fields that shows one person with the address in brackets: "customer: Ann Gray (ann@…)"."""
    if found.email or reading.all(Role.EMAIL):
        return
    lines = [item.text for item in reading.loose[: reading.heads if reading.fields else _SENTENCES]][:_SENTENCES]
    shown = [match for line in lines if len(line) <= 300 and (match := _SHOWN.search(line))]
    emails = {match["email"].lower() for match in shown}
    if len(emails) == 1 and site.may_be_visitor(next(iter(emails)), labelled=True):
        name = _name_in(shown[0]["name"])
        if found.name and fold(name) != fold(found.name):
            return
        found.email, found.name = next(iter(emails)), name
        if not found.phones:
            found.phones = phones_in(shown[0]["more"] or "", region)


def contacts_of(reading: Reading, site: Site, region: str | None) -> Contacts:
    """Find the visitor's name, address and numbers: by label, then by what a value is, then in the headers."""
    found = Contacts()
    _take_email(found, reading, site)
    _take_phones(found, reading, region)
    _take_name(found, reading)
    _take_shown(found, reading, site, region)
    _take_from_headers(found, reading, site)
    if not (found.email or found.phones):
        _take_from_sentences(found, reading, region, site)
    if not found.name:
        _take_announced(found, reading, site)
    return found


def _mine(fields: Iterable[Field]) -> list[Field]:
    """Fields of the author's own first, then those of the company; those of other people never.

    Who gets what was ordered counts as the author when nobody else is named.
    """
    known = [one for one in fields if whose(one.label) < Whose.RECIPIENT]
    return sorted(known, key=lambda one: whose(one.label)) or [
        one for one in fields if whose(one.label) is Whose.RECIPIENT
    ]


def _names_nobody_else(reading: Reading, roles: tuple[Role, ...]) -> bool:
    """Whether only the recipient is named: then the recipient's name stands for contacts that are nobody's."""
    asked = reading.all(Role.NAME, Role.FIRST, Role.EMAIL, Role.PHONE)
    others = [one for one in asked if whose(one.label) is Whose.AUTHOR]
    if roles != (Role.NAME,) or any(one.role in {Role.NAME, Role.FIRST} for one in others):
        return not others
    return not any(one.role is not Role.NAME and whose(one.label) is Whose.RECIPIENT for one in asked)


def _fields_of(reading: Reading, *roles: Role) -> list[Field]:
    fields = _mine(reading.all(*roles))
    return [one for one in fields if whose(one.label) is not Whose.RECIPIENT or _names_nobody_else(reading, roles)]


def _open_fields(reading: Reading) -> list[Field]:
    """Fields whose label says nothing of contacts, or only that they are some: their values tell."""
    return [
        one
        for one in reading.fields
        if not one.is_doubtful
        and (one.role is None or one.role is Role.SECTION or label_key(one.label) in CONTACT_WAYS)
        and one.value
        and whose(one.label) is Whose.AUTHOR
    ]


def _take_email(found: Contacts, reading: Reading, site: Site) -> None:
    asked = _fields_of(reading, Role.EMAIL)
    others = [one for one in reading.fields if one.role is Role.DETAIL and not one.is_doubtful]
    unnamed = _open_fields(reading)
    whole = [one for one in (*unnamed, *_mine(others)) if is_email(one.value)]
    ways = [one for one in unnamed if label_key(one.label) in CONTACT_WAYS]
    whole += [one for one in reading.all(Role.TEXT, Role.SUBJECT) if is_email(one.value)]
    for one in (*asked, *_fields_of(reading, Role.NAME, Role.PHONE), *whole, *ways):
        for email in emails_in(one.value):
            if site.may_be_visitor(email, labelled=True):
                found.email = email
                if one.role not in {Role.NAME, Role.PHONE} and is_email(one.value):
                    found.used.append(one)
                return


def _take_phones(found: Contacts, reading: Reading, region: str | None) -> None:
    for one in _fields_of(reading, Role.PHONE):
        numbers = _numbers(one.value, region)
        # A second number is the company's more often than the visitor's, unless its label says what sets it apart.
        if numbers and (not found.phones or _FURTHER.intersection(label_key(one.label).split())):
            found.phones.extend(number for number in numbers if number not in found.phones)
            found.used.append(one)
    if found.phones:
        return
    for one in (*_open_fields(reading), *_fields_of(reading, Role.EMAIL, Role.NAME)):
        if is_phone(one.value, region) and not _counts(one):
            found.phones.append(phone(one.value, region))
            found.used.append(one)
            return
        names_way = one.role in CONTACTS or label_key(one.label) in CONTACT_WAYS or asks_call(one.label)
        if names_way and (numbers := phones_in(one.value, region)):
            found.phones.extend(numbers)
            return


def _counts(one: Field) -> bool:
    """Digits without any sign of a phone are more often an id, and so are those that are called one."""
    digits = one.value.strip()
    return digits.isdigit() and (len(digits) != 11 or not IDS.isdisjoint(label_key(one.label).split()))


def _numbers(value: str, region: str | None) -> list[str]:
    value = filled(one_line(value))
    if is_phone(value, region):
        return [phone(value, region)]
    if numbers := phones_in(value, region):
        return numbers
    digits = sum(sign.isdigit() for sign in value)
    mostly_digits = digits * 2 >= len(value.replace(" ", ""))
    return [value] if _FEWEST_DIGITS <= digits <= 17 and mostly_digits and "@" not in value else []


def _take_name(found: Contacts, reading: Reading) -> None:
    parts = {role: _name_in(reading.first(role)) for role in (Role.FIRST, Role.MIDDLE, Role.LAST)}
    named = [one for one in _fields_of(reading, Role.NAME) if _name_in(one.value)]
    whole = next((one for one in named if label_key(one.label) not in WEAK_NAMES), next(iter(named), None))
    if whole is not None:
        found.name = _name_in(whole.value)
        found.used.append(whole)
        if parts[Role.FIRST] and not parts[Role.LAST] and " " not in found.name:
            _before_surname(found, parts[Role.FIRST], reading)
        if parts[Role.LAST] and not parts[Role.FIRST] and fold(parts[Role.LAST]) not in fold(found.name):
            found.name = " ".join(filter(None, (found.name, parts[Role.MIDDLE], parts[Role.LAST])))
            found.used.extend(reading.all(Role.LAST, Role.MIDDLE))
    elif name := " ".join(filter(None, (parts[Role.FIRST], parts[Role.MIDDLE], parts[Role.LAST]))):
        found.name = name
        found.used.extend(reading.all(Role.FIRST, Role.MIDDLE, Role.LAST))
    # A field that held only the address under the label of a person is used up too.
    found.used.extend(one for one in reading.all(Role.NAME) if one.value.strip().lower() == found.email)


def _before_surname(found: Contacts, first: str, reading: Reading) -> None:
    """Where the label for a name means the surname, as beside "Prénom"."""
    if fold(first) not in fold(found.name):
        found.name = f"{first} {found.name}"
        found.used.extend(reading.all(Role.FIRST))


def _name_in(value: str) -> str:
    value = filled(value)
    for email in emails_in(value):
        at = value.lower().find(email)
        value = (value[:at] + value[at + len(email) :]).strip()
        value = value.removesuffix("<>").removesuffix("()").removesuffix("[]").replace("<mailto:>", "").strip(" <>(),")
    if phones_in(value, "RU") or sum(map(str.isdigit, value)) >= _DIGITS_OF_NUMBER:
        value = _NUMBER_BEHIND.sub("", value)
    name = _WHO_BEFORE.sub("", person_name(value.replace("\n", " ")))
    return "" if "//" in name or _NOBODY.fullmatch(fold(name)) else name


def _take_from_sentences(found: Contacts, reading: Reading, region: str | None, site: Site) -> None:
    """The only number in a mail without contacts: "a visitor asks to be called at …"; two would be a guess."""
    texts = reading.all(Role.TEXT)
    if texts and reading.all(Role.NAME, Role.FIRST):
        lines = [line for one in texts for line in one.value.split("\n")]
        # A label that was typed into the words may be anybody's; a sentence with a number asks to be called.
        numbers = [] if any(map(split_label, lines)) else phones_in("\n".join(lines), region)
    elif (site.sender_is_site and (not texts or reading.heads)) or (not texts and _tells_call(reading)):
        above = reading.loose[: reading.heads] if texts else reading.loose
        lines = [item.text for item in above[:_SENTENCES] if not (is_footer(item.text) or _is_typed(item))]
        numbers = _calling("\n".join(lines), region)
        emails = {email for email in emails_in("\n".join(lines)) if site.may_be_visitor(email, labelled=True)}
        found.email = emails.pop() if len(emails) == 1 else ""
    else:
        return
    if len(numbers) == 1:
        found.phones = numbers


def _is_typed(item: Item) -> bool:
    """Whether a line that belongs to no field has a usual label all the same: it stands among a visitor's words."""
    return item.style in {Style.COLON, Style.DASH} and item.role in ASKED


def _tells_call(reading: Reading) -> bool:
    return any(_CALLED_FROM.search(item.text) for item in reading.loose[:_FEW])


def _calling(text: str, region: str | None) -> list[str]:
    """The numbers of a text; of several the one that a call came from."""
    numbers = phones_in(text, region)
    called_from = [match["number"] for match in _CALLED_FROM.finditer(text)] if len(numbers) > 1 else []
    return phones_in(called_from[0], region) if len(called_from) == 1 else numbers


def announced_name(line: str) -> str:
    """Return whose message or order a line announces, "" when it names nobody."""
    match = _ANNOUNCED.search(one_line(line)) if len(line) <= 200 else None
    name = _name_in(next((name for name in match.groups() if name), "")) if match else ""
    return name if all(map(is_name, _COUPLE.split(name))) else ""


def _take_announced(found: Contacts, reading: Reading, site: Site) -> None:
    """Take the name from a line such as "You have a new enquiry from Ann Gray", where no field names anybody."""
    if reading.all(Role.NAME, Role.FIRST, Role.LAST):
        return
    heads = [item.text for item in reading.loose[: reading.heads if reading.fields else _SENTENCES]]
    heads += [one.label for one in reading.fields[:2] if one.label and (one.role is Role.TEXT or not one.value)]
    for line, below in zip((*heads[:6], site.mail.subject), (*heads[1:6], "", ""), strict=False):
        name = announced_name(line)
        if not name and _LEADS_TO_NAME.search(line[-200:]) and is_name(below):
            name = _name_in(below)
        name = name.rstrip(".") if len(name.split()[-1:] and name.split()[-1]) > 2 else name
        if name and fold(name) not in site.own_names and "." not in name.rstrip(".") and len(name.split()) <= 4:
            found.name = name
            return


def _is_sender(found: Contacts, reading: Reading, site: Site) -> bool:
    """Whether the mail was sent under the visitor's own name and address."""
    sender = site.mail.sender
    shown, name = fold(sender.name), fold(found.name)
    if not name or not is_email(sender.email):
        return False
    if site.may_be_visitor(sender.email, labelled=False):
        return shown == name or (not reading.all(Role.EMAIL) and name.split()[0] in shown)
    # The site may show the visitor's name over an address of its own: only one that holds the name is the visitor's.
    local = sender.email.partition("@")[0]
    return shown == name and any(len(word) > 2 and word in local for word in name.split())


def _take_from_headers(found: Contacts, reading: Reading, site: Site) -> None:
    answer = site.replies_to()
    if answer is not None and not found.email:
        found.email = answer.email
    sender = site.mail.sender
    if not found.email and not site.sender_is_site and _is_sender(found, reading, site):
        found.email = sender.email
    if not found.name:
        for address in (answer, sender):
            if address is not None and address.email == found.email and "@" not in address.name:
                found.name = _name_in(address.name)
                break
