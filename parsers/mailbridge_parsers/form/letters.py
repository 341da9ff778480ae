"""Contact forms whose mails have no labels: the name and the address stand in a sentence, the text below it."""

import re
from itertools import takewhile

from mailbridge.sdk import Mail, fold, is_email, is_robot, phones_in
from mailbridge.sdk.layout import text_layout
from mailbridge.sdk.links import parts_of, urls_in
from mailbridge.sdk.names import is_name
from mailbridge.sdk.pairs import split_label
from mailbridge_parsers.form.footers import closing
from mailbridge_parsers.form.item import Item, Style, lines_of
from mailbridge_parsers.form.items import items_of
from mailbridge_parsers.form.labels import ASKED, CONTACTS, Role, role_of
from mailbridge_parsers.form.reading import Field, Reading

_LONGEST_LINE = 700
_MOST_LINES = 5000
_TOP = 10
_PERSON = re.compile(r"(?P<name>.{0,600}?)\s*<(?P<email>[^<>\s]{3,254})>")
_VIA_CONTACT_FORM = re.compile(
    r"(?P<name>[^()]{1,200}?)(?: \([^()@/]{1,40}\))? \((?P<where>[^()\s]{3,300})\) [^.!?]{0,80}(?:\bform\b|\bформ)"
    r"[^.!?]{0,60} (?P<url>https?://\S+)"
)
_COLON = re.compile(r":(?!//)")
_SITE = re.compile(r"https?://\S|(?<![@\w.-])[\w-]{2,}(?:\.[\w-]{2,})*\.[^\W\d_]{2,}\b(?!@)")
_ENQUIRY_SUBJECT = re.compile(r"(?:enquiry|сообщение от|запрос от|вопрос от)\s*:?\s+(?P<name>.{1,120})", re.IGNORECASE)
_ANNOUNCED = re.compile(
    r"(?:.{0,60}\b)?(?:new|a) (?:message|enquiry"
    r"|inquiry) from (?P<name>[^:<>()@]{1,80}?)(?: ?[<(](?P<email>[^\s<>()]+@[^\s<>()]+)[>)])?:"
    r"|(?:.{0,60}\b)?(?:новое |a |new |offline )*(?:message|сообщение) (?:from|от) (?P<sender>[^:<>()@]{1,80}?)"
    r" ?[<(](?P<address>[^\s<>(),]+@[^\s<>(),]+)[^<>()]{0,40}[>)][.:]?"
    r"|(?:пользователь |покупатель |клиент |посетитель )?"
    r"(?P<writer>[^:<>()@]{1,80}?) ?[<(](?P<at>[^\s<>(),]+@[^\s<>(),]+)[^<>()]{0,40}[>)] (?:написал\w*|задал\w*|asked"
    r"|спрашивает|пишет"
    r"|оставил\w*|wrote|writes|asks|says|sent|left|wants to know)[^:.]{0,60}[:.]?"
    r"|a message by (?P<by>[^:<>()@]{1,80}?) has been received\b.{0,80}"
    r"|(?:.{0,120}\b)?(?:новое )?(?:сообщение|письмо|вопрос) от (?:посетителя |клиента |покупателя "
    r"|пользователя )?(?P<имя>[^:<>()@]{1,80}?):",
    re.IGNORECASE,
)
_NO_PERSON = re.compile(
    r"^(?:your|our|the|this|ваш\w*|наш\w*)\b|\b(?:web ?site|site|form|page|app|сайт\w*|форм[аыуе]|страниц\w*)\b"
)
"""What a message may come from that is nobody: "a new message from your website contact form"."""
_WROTE_US = re.compile(
    r"(?:Пользователь |Покупатель |Клиент )?(?P<name>[^:,.!?<>()@]{2,60}?) (?:написал[аи]?|пишет|отправил[аи]?"
    r"|задал[аи]?"
    r"|wrote|sent|messaged|asked) (?:вам|you)\b[^:!?]{0,100}[:.]?"
)
_NAMES = ("name", "имя", "sender", "writer", "by")
_DATED = re.compile(r"[^.!?]{0,20}\b(?:19|20)\d\d\b[^.!?]{0,20}\d{1,2}:\d\d\S{0,3}(?: [AaPp][Mm])?")
_LABELLED = re.compile(r"(?P<label>[^:：]{1,30}?)\s?[:：]\s*(?P<value>.*)")
_ENDS_LABEL = re.compile(r"^[^:：]{2,40}?\s?[:：]$")
_SITE_IN_BRACKETS = re.compile(r"[(（][^()（）]{0,120}https?://[^\s()（）]+\s*[)）]")
_HANDLE_SAYS = re.compile(r"@(?P<handle>\w[\w.]{2,39}):\s+(?P<said>\S.*)")
_PASSES_ON = re.compile(r"(?:[\w.-]{1,30}[._-])?(?:relay|bridge|gateway|gate|bots?|telegram|whatsapp|chats?)@")
"""Addresses of programs that carry messages out of chats."""
_NEXT_PART = re.compile(r"----=_NextPart_[0-9a-f]{32}")


def read_letter(mail: Mail) -> Reading | None:
    """Return the fields of a mail of Joomla, Drupal or OpenCart's contact form; None when it is none of these."""
    lines = mail.words.split("\n", _MOST_LINES)
    for reader in (_of_enquiry, _of_contact_form, _of_contact_form_7):
        if found := reader(lines):
            return found
    return _of_announced_message(mail, lines) or _of_raw_enquiry(mail) or _of_handle(mail, lines)


def _of_enquiry(lines: list[str]) -> Reading | None:
    """A line that names the site and ends with a colon, "name <address>", the text (Joomla's com_contact)."""
    for number, line in enumerate(lines[:12]):
        match = _PERSON.fullmatch(line.strip()) if len(line) <= _LONGEST_LINE else None
        above = " ".join(part.strip() for part in lines[max(0, number - 2) : number]).strip()
        if (
            match is None
            or not is_email(match["email"])
            or _COLON.search(match["name"])
            or match["name"].startswith(">")
        ):
            continue
        if any(_asks(line) for line in lines[:number]):
            return None
        if above.endswith(":") and _SITE.search(above):
            at = urls_in(above)
            url = above[at[-1][0] : at[-1][1]] if at else ""
            found = _reading(match["name"], match["email"], "\n".join(lines[number + 1 :]), url, lines[:number])
            found.subject_is_typed = True
            return found
    return None


def _asks(line: str) -> bool:
    label, value = split_label(line) or ("", "")
    return bool(value) and role_of(label) in ASKED


def _of_announced_message(mail: Mail, lines: list[str]) -> Reading | None:
    """Read a line that announces a message from somebody, the message, and a signature (EmailJS, home-made mailers)."""
    for number, line in enumerate(lines[:8]):
        match = _announced(mail, line.strip()) if len(line) <= _LONGEST_LINE else None
        shown = match.groupdict() if match else {}
        email = shown.get("email") or shown.get("address") or shown.get("at") or ""
        if match is None or not (mail.reply_to or email or is_robot(mail.sender.email)):
            continue
        below = items_of(text_layout("\n".join(lines[number + 1 :])))
        while below and (below[-1].role in CONTACTS or below[-1].is_rule):
            below.pop()
        while below and _is_caption(below[0], match):
            below.pop(0)
        text = lines_of(below[: closing(below, frozenset(), frozenset({fold(mail.sender.name)}))])
        answered = mail.reply_to[0].email if mail.reply_to else ""
        name = next(shown[group] for group in _NAMES if shown.get(group))
        found = _reading(name, email or answered, "\n".join(text), "", lines[:number])
        found.fields += [Field("", Role.PHONE, Style.CELL, [one]) for one in phones_in(line, "RU")[:1]]
        return found
    return None


def _announced(mail: Mail, line: str) -> re.Match[str] | None:
    """Match a line that announces a message from somebody; a robot's need no address."""
    if match := _ANNOUNCED.fullmatch(line):
        return None if any(_NO_PERSON.search(fold(name)) for name in match.groups() if name) else match
    match = _WROTE_US.fullmatch(line) if is_robot(mail.sender.email) else None
    if match is None or not is_name(match["name"]):
        return None
    name = fold(match["name"])
    return None if name in {fold(mail.sender.name), *mail.sender.domain.split(".")} else match


def _is_caption(item: Item, announced: re.Match[str]) -> bool:
    """Whether a line above the message only says again whose it is, or when it came."""
    is_name = fold(item.text) in {fold(name) for name in announced.groups() if name}
    return is_name or not any(map(str.isalpha, item.text)) or _DATED.fullmatch(item.text) is not None


def _of_contact_form(lines: list[str]) -> Reading | None:
    """One sentence with the name, the account or address, and the page; then the text (Drupal's contact module)."""
    for number in range(min(4, len(lines))):
        told = takewhile(str.strip, lines[number : number + 3])
        match = _VIA_CONTACT_FORM.match(" ".join(map(str.strip, told))[: 2 * _LONGEST_LINE])
        if match is None or not (is_email(match["where"]) or "://" in match["where"]):
            continue
        below = next((n for n, line in enumerate(lines) if n > number and not line.strip()), len(lines))
        url = match["url"].rstrip(".")
        text = "\n".join(lines[below + _settings_size(lines[below:], url) :]).strip()
        email = match["where"] if is_email(match["where"]) else ""
        found = _reading(match["name"], email, _without_heading(text), url, [])
        found.subject_is_typed = True
        return found
    return None


def _settings_size(lines: list[str], url: str) -> int:
    """How many lines tell a user of the site where to switch such mails off: a link beside the form's."""
    beside = url.rpartition("/")[0]
    if not parts_of(beside).path:
        return 0
    at = next((number for number, line in enumerate(lines[:_TOP]) if _ENDS_LABEL.match(line.strip())), 0)
    above = "\n".join(lines[:at])
    return at if any(above[start:end].startswith(f"{beside}/") for start, end in urls_in(above)) else 0


def _of_contact_form_7(lines: list[str]) -> Reading | None:
    """Contact Form 7's template in a language that nobody told us: its shape is the same in all.

    "From: name <address>", "Subject: …", an empty line, "Message:", the text, "-- ", a sentence with (site, address).
    """
    lines = [line.strip() for line in lines]
    sender, subject = (_LABELLED.fullmatch(line) for line in ([*lines, "", ""])[:2])
    person = _PERSON.fullmatch(sender["value"]) if sender else None
    below = [number for number, line in enumerate(lines) if number > 1 and line]
    end = next((number for number in below if lines[number] == "--"), 0)
    if person is None or subject is None or not end or role_of(sender["label"] if sender else "") is not None:
        return None
    if not (is_email(person["email"]) and _ENDS_LABEL.search(lines[below[0]])):
        return None
    footer = " ".join(lines[end + 1 :]).strip()
    site = _SITE_IN_BRACKETS.search(footer)
    if site is None:
        return None
    text = "\n".join(lines[below[0] + 1 : end])
    found = _reading(person["name"], person["email"], text, "", [])
    found.fields.append(Field(subject["label"].strip(), Role.SUBJECT, Style.CELL, [subject["value"]]))
    found.loose = found.items = [Item(footer)]
    found.heads = 1
    return found


def _without_heading(text: str) -> str:
    first, _, rest = text.partition("\n")
    return rest.strip() if first.strip().rstrip(":").casefold() in {"message", "сообщение"} and rest.strip() else text


def _of_raw_enquiry(mail: Mail) -> Reading | None:
    """Nothing but the text; name and address stand in the headers (OpenCart's contact page).

    In whatever language the subject is, it ends with the name that From shows over the shop's own address.
    """
    subject = _ENQUIRY_SUBJECT.fullmatch(mail.subject)
    is_shop = mail.headers.get("X-Mailer").startswith("PHP/") or _NEXT_PART.search(mail.headers.get("Content-Type"))
    shown = mail.sender.name
    is_named = mail.subject.endswith(f" {shown}") and is_name(shown)
    answered = mail.reply_to[0].email if mail.reply_to else ""
    is_apart = is_named and answered != mail.sender.email
    if not answered or not ((subject and (is_shop or is_apart)) or (is_shop and is_named)):
        return None
    if any(_asks(line) for line in mail.words.strip().split("\n", 1)[:1]):
        return None  # a form with labels
    found = _reading(subject["name"] if subject else shown, answered, mail.words, "", [])
    found.network = "opencart"
    return found


def _of_handle(mail: Mail, lines: list[str]) -> Reading | None:
    """Read what a robot passes on out of a chat: "@handle: words", and nobody else speaks."""
    if "@" not in mail.words[:_LONGEST_LINE] or "In-Reply-To" in mail.headers:
        return None
    if not (is_robot(mail.sender.email) or _PASSES_ON.match(mail.sender.email)):
        return None
    spoken = [(at, match) for at, line in enumerate(lines) if (match := _HANDLE_SAYS.fullmatch(line.strip()))]
    if len({match["handle"] for _, match in spoken}) != 1 or any(line.strip() for line in lines[: spoken[0][0]][2:]):
        return None
    start, first = spoken[0]
    below = items_of(text_layout("\n".join([first["said"], *lines[start + 1 :]])))
    text = lines_of(below[: closing(below, frozenset(), frozenset({fold(mail.sender.name)}))])
    found = _reading(first["handle"], "", "\n".join(text), "", lines[:start])
    profile = next((url for url in _urls(mail.words) if _is_profile(url, first["handle"])), "")
    if profile:
        found.fields.append(Field("", Role.WEBSITE, Style.CELL, [profile]))
    return found


def _urls(text: str) -> list[str]:
    return [text[start:end] for start, end in urls_in(text[: 20 * _LONGEST_LINE])]


def _is_profile(url: str, handle: str) -> bool:
    return parts_of(url).path.strip("/").casefold() == handle.casefold()


def _reading(name: str, email: str, text: str, url: str, above: list[str]) -> Reading:
    found = Reading()
    parts = ((Role.NAME, name), (Role.EMAIL, email), (Role.PAGE, url), (Role.TEXT, text.strip()))
    found.fields = [Field("", role, Style.CELL, value.split("\n")) for role, value in parts if value]
    found.loose = [Item(line.strip()) for line in above if line.strip()]
    found.heads = len(found.loose)
    found.items = list(found.loose)
    return found
