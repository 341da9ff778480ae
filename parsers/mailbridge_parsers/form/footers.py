"""What software writes below the visitor's words."""

import re
from functools import lru_cache

from mailbridge.sdk import emails_in, fold, is_phone, phones_in
from mailbridge.sdk.links import host_of, urls_in
from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import ABOUT_THE_PAGE, Role, Whose, may_head_section, whose

_FOOTER = re.compile(
    r"(?:это|данное) (?:e-?mail[- ])?(?:сообщение|письмо|уведомление)\b.{0,80}(?:отправлен|сгенерирован|сформирован"
    r"|создан"
    r"|является|о том|пришло|получен)"
    r"|(?:сгенерирован|сформирован|создан|отправлен)\w* (?:\S+ )?(?:автоматически|роботом)"
    r"|(?:письмо|сообщение|заявка|форма) (?:было |была )?(?:отправлен|прислан|оставлен)\w* (?:с|со|из|через|на) "
    r"|^отправлено (?:с|со|из|через) |не (?:нужно|надо|требуется|следует) отвечать|отвечать на .{0,30}(?:не|нет)\b"
    r"|не отвечайте на|^для просмотра |^(?:посмотреть|просмотреть|перейти|открыть|ответить|редактировать) .{0,40}"
    r"(?:заявк|заказ|запис|результат|админ|панел|сайт|ссылк|кабинет)"
    r"|this (?:e-?mail|message|mail|notification|form)\b.{0,60}\b(?:sent|generated|notification|submitted|automat)"
    r"|this is (?:a|an) (?:notification|automat)|^(?:sent|submitted|delivered) (?:via|from|by|through|using|on) "
    r"|do not reply|powered by|you(?:'re| are)? receiv(?:ed|ing) this|unsubscribe|отписаться|^(?:created|built"
    r"|made) with"
    r"|(?:свяжитесь|перезвоните|ответьте|обработайте|не забудьте)\b.{0,40}\b(?:клиент|покупател|посетител"
    r"|пользовател|заявк)"
    r"|please (?:contact|reply|respond|call|get back)\b.{0,30}\b(?:customer|client|visitor|lead)\b"
    r"|please (?:reply|respond) to \S+@|(?:trouble|problems) clicking|не получается нажать"
    r"|^с уважением,? (?:ваш сайт|администраци|команда|робот|служба)"
    r"|^need (?:any )?help\?|^(?:нужна помощь|остались вопросы|возникли вопросы)\?"
    r"|^(?:submitted|sent|received|отправлено|получено|надіслано|gesendet|eingegangen|envoyé|enviado)\b.{0,20}\d"
    r"|^результаты .{0,40}(?:по адресу|по ссылке)|^you have received a new form submission"
    r"|(?:looks?|as|is|report\w*) (?:like )?spam\b"
    r"|^(?:view|see|open|manage|edit|reply to|click here to) .{0,40}(?:entry|entries|submission|online|message"
    r"|lead|inquiry|enquiry|request|conversation"
    r"|response"
    r"|dashboard|order|form)|^©|all rights reserved|^copyright|reply directly to this|просто ответьте на это"
    r"|чтобы ответить|^ответить(?: (?:в|через) |: ?http)|^reply(?: (?:in|on|via|from) |: ?http)|^ip \d"
    r"|^(?:quick moderation|быстрая модерация)\b|was sent (?:from|via|through"
    r"|to you)|submitted (?:on|from|via|through) (?:your|the"
    r"|http|www)"
    r"|^работает на |сообщите нам, если вы получили|login required|log in to (?:view|see|download)"
    r"|sent you this email|посетителем вашего сайта|^you can (?:edit|view|see) |^if you think this |^to (?:edit"
    r"|change|manage) your "
)
_SIGN_OFF = re.compile(
    r"(?:с уважением|best regards|best wishes|kind regards|regards|sincerely|всего доброго|thanks|thank you"
    r"|спасибо)[,.!]?"
)
_ADMIN = re.compile(r"^https?://\S+/(?:wp-admin|administrator|bitrix/admin|admin)/")
_UNUSED = re.compile(r"[a-z]\w*[_:-][\w:-]*:")
"""The name of a field, as programs write it, in which nothing was filled in: what traps robots."""
_STAMP = re.compile(r"[^\w]{0,5}(?:\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}-\d\d-\d\d)\W{1,4}\d{1,2}:\d\d(?::\d\d)?")
"""A line that is nothing but when the mail was made."""
_SEPARATOR = "--"
_BUTTON_LENGTH = 40
_TAGLINE_LENGTH = 80
_CARD_WIDTH = 80
_ANSWER_LENGTH = 20


@lru_cache(maxsize=4096)
def is_footer(text: str) -> bool:
    """Whether a line is the template's closing words. Cached: reader, place and author ask for the same lines."""
    return len(text) <= 400 and _FOOTER.search(fold(text).lstrip("( ")) is not None


def is_sign_off(text: str) -> bool:
    """Whether a line is nothing but a closing formula."""
    return _SIGN_OFF.fullmatch(fold(text)) is not None


def is_about_the_page(item: Item) -> bool:
    """Whether a labelled line tells where and how the form was sent, in a way that a visitor hardly types."""
    if may_head_section(item.label) and item.style is Style.COLON and not item.value:
        return True
    if _ADMIN.search(item.value):
        return True
    if item.role not in ABOUT_THE_PAGE or not item.value:
        return False
    if item.role in {Role.PAGE, Role.SITE}:
        return bool(item.href or urls_in(item.value) or ("." in item.value and " " not in item.value))
    if item.role is Role.SENT:
        return any(sign.isdigit() for sign in item.value)
    return True


def closing(
    items: list[Item], hosts: frozenset[str], names: frozenset[str] = frozenset(), *, only_own: bool = False
) -> int:
    """Return the index at which the template's own last lines begin.

    Args:
        items: The body, or the end of it.
        hosts: Domains of the site and of the company.
        names: What the site calls itself, folded: its signature.
        only_own: Whether a labelled page must be of these domains.
    """
    end = _stripped(items, hosts, names, only_own=only_own)
    separators = [number for number in range(max(0, end - 9), end) if items[number].text == _SEPARATOR]
    if any(item.text == _SEPARATOR for item in items[end:]):
        return end  # another such end above it is one that the visitor typed
    if separators and any(_names_site(item, hosts) for item in items[separators[-1] :]):
        above = items[: separators[-1]]
        return next((number + 1 for number in reversed(range(len(above))) if not above[number].is_rule), 0)
    return end


def _stripped(items: list[Item], hosts: frozenset[str], names: frozenset[str], *, only_own: bool) -> int:
    end = len(items)
    while True:
        before = end
        while end and _closes(items, end - 1, hosts) and not (only_own and _is_foreign(items[end - 1], hosts)):
            end -= 1
        end = _without_signature(items, _without_card(items, end, hosts), names)
        if end == before:
            return end


def _without_signature(items: list[Item], end: int, names: frozenset[str]) -> int:
    signed = end
    while signed and _names_it(fold(items[signed - 1].text), names):
        signed -= 1
    if signed == end:
        return end
    return signed - 1 if signed and _SIGN_OFF.fullmatch(fold(items[signed - 1].text)) else signed


def _without_card(items: list[Item], end: int, hosts: frozenset[str]) -> int:
    """Cut the company's visiting card: a last paragraph of short lines, one of them nothing but its own address."""
    start = next((number for number in range(end - 1, -1, -1) if items[number].gap), end)
    card = items[start:end]
    if len(card) < 2 or any(len(one.text) > _CARD_WIDTH or one.text.endswith(("?", "!")) for one in card):
        return end
    words = [(item.value or item.text).casefold() for item in card]
    own = [one for one in words if one.partition("@")[2] in hosts or one.removeprefix("www.") in hosts]
    if not own:
        return end
    return start - 1 if start and is_sign_off(items[start - 1].text) else start


def _names_it(text: str, names: frozenset[str]) -> bool:
    """Whether a line is the site's name, or "the Oak team"."""
    return text in names or (text.startswith("the ") and text.removeprefix("the ").removesuffix(" team") in names)


def _closes(items: list[Item], number: int, hosts: frozenset[str]) -> bool:
    item = items[number]
    if (
        item.is_rule
        or item.is_button
        or is_footer(item.text)
        or is_about_the_page(item)
        or _UNUSED.fullmatch(item.text)
    ):
        return True
    if is_phone(item.text) and number and is_footer(items[number - 1].text):
        return True  # the service's own
    if item.role is Role.CONSENT and item.value and len(item.value) <= _ANSWER_LENGTH:
        return True
    if _STAMP.fullmatch(item.text) or _is_of_another(item) or _is_tagline(item.text, hosts):
        return True
    if not _is_address(item.text):
        return _is_button(item, hosts)
    before = items[number - 1].text if number else ""
    return host_of(item.text.split()[0]) in hosts or "/admin" in item.text or is_footer(before)


def _is_of_another(item: Item) -> bool:
    """Whether a line gives the number or address of somebody whom its label calls another: "Shop's phone: …"."""
    return whose(item.label) is Whose.ANOTHER and bool(
        is_phone(item.value) or phones_in(item.value) or emails_in(item.value)
    )


def _is_tagline(text: str, hosts: frozenset[str]) -> bool:
    """Whether a short line begins with the address of the service itself: "forms.example: forms for everybody"."""
    words = text.casefold().split(maxsplit=1)
    return len(text) <= _TAGLINE_LENGTH and len(words) > 1 and words[0].strip(".,:|-") in hosts


def _is_button(item: Item, hosts: frozenset[str]) -> bool:
    """Whether a short caption leads to the service that sent the mail, such as "Reply in our app"."""
    to = host_of(item.href)
    caption = bool(to) and len(item.text) <= _BUTTON_LENGTH and not item.label and not urls_in(item.text)
    return caption and any(to == host or to.endswith("." + host) for host in hosts)


def _is_foreign(item: Item, hosts: frozenset[str]) -> bool:
    return item.role in {Role.PAGE, Role.SITE} and not any(host in item.value.casefold() for host in hosts)


def _is_address(text: str) -> bool:
    found = urls_in(text)
    return bool(found) and found[0][0] == 0 and len(text.split()) <= 2


def _names_site(item: Item, hosts: frozenset[str]) -> bool:
    words = item.text.casefold()
    return is_footer(item.text) or is_about_the_page(item) or any(host in words for host in hosts)
