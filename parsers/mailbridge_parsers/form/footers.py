"""What software writes below the visitor's words."""

import re
from functools import lru_cache

from mailbridge.sdk import emails_in, fold, is_phone, phones_in
from mailbridge.sdk.links import host_of, urls_in
from mailbridge.sdk.names import is_name
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
    r"|this (?:e-?mail|message|mail|notification|form|submission|entry)\b.{0,60}\b(?:sent|generated|notification"
    r"|submitted|automat|came from)"
    r"|this is (?:a|an) (?:notification|automat)|^(?:sent|submitted|delivered) (?:via|from|by|through|using|on) "
    r"|do not reply|powered by|you(?:'re| are)? receiv(?:ed|ing) this|вы получили это (?:письмо|сообщение|уведомление)"
    r"|unsubscribe|отписаться|^(?:created|built"
    r"|made) with"
    r"|(?:свяжитесь|перезвоните|ответьте|обработайте|не забудьте)\b.{0,40}\b(?:клиент|покупател|посетител"
    r"|пользовател|заявк)"
    r"|please (?:contact|reply|respond|call|get back)\b.{0,30}\b(?:customer|client|visitor|lead)\b"
    r"|please (?:reply|respond) to \S+@|(?:trouble|problems) clicking|не получается нажать"
    r"|^с уважением,? (?:ваш сайт|администраци|команда|робот|служба)"
    r"|^need (?:any )?help\?|^(?:нужна помощь|остались вопросы|возникли вопросы)\?"
    r"|^(?:submitted|sent|signed up|received|отправлено|получено|надіслано|gesendet|eingegangen|envoyé"
    r"|enviado)\b.{0,20}\d"
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
    r"|^to (?:view|see|read|reply|respond|manage|moderate|approve|open|edit|review|answer|accept|decline)\b.{0,80}"
    r"\b(?:visit|click|go to|log ?in|sign in|follow (?:this|the)|use (?:this|the) link|https?:)"
    r"|^(?:view|see|open|manage|check|review|approve|confirm|accept) .{0,40}\b(?:in|on|from|via) (?:the |your )?"
    r"(?:admin|dashboard|panel|crm|back ?(?:end|office)|account|app)\b"
    r"|^visit (?:your|the) .{0,40} to (?:see|view|read|reply|respond|answer|moderate|approve)\b"
    r"|^(?:please )?log ?in to (?:your |the )?(?:admin|dashboard|panel|account|back ?office)"
    r"|^для (?:ответа|просмотра|обработки|связи|публикации|одобрения|подтверждения)\b.{0,60}(?:перейд|нажм|войд"
    r"|откро|использ)"
    r"|^(?:why did i|why am i) (?:get|receiv)"
)
_SIGN_OFF = re.compile(
    r"(?:с уважением|best regards|best wishes|kind regards|regards|sincerely|всего доброго|thanks|thank you"
    r"|спасибо)[,.!]?"
)
_ACTION = re.compile(
    r"(?:moderate|approve|delete|trash|spam|manage|edit|reply|respond|view|open|see|accept|reject|decline|publish"
    r"|confirm|review|управл\w+|просмотр\w*|посмотреть|модерировать|одобрить|отклонить|удалить|опубликовать|ответить"
    r"|редактировать|подробнее|открыть|связаться|перейти|принять|карточка|админка|подтвердить|смотреть)"
    r"\b[^:?!.]{0,50}: ?https?://\S+",
    re.IGNORECASE,
)
"""A caption of what can be done, with the link to do it."""
_OFFERS = re.compile(
    r"(?:moderate|approve|manage|edit|reply|respond|view|open|see|accept|publish|review|посмотреть|одобрить|ответить"
    r"|редактировать|подробнее|открыть|перейти)\b",
    re.IGNORECASE,
)
"""How a caption without a colon begins, above nothing but its link."""
_IMPRINT = re.compile(
    r"[\w.,&'’ -]{2,60}\b(?:Inc|LLC|Ltd|Limited|GmbH|Corp|A/S|AB|S\.?A|B\.?V)\b\.?[, ·|-]{1,3}\D{0,40}\d.{3,100}"
)
_TEAM = re.compile(
    r"^(?:(?:ваша )?команда|служба|отдел|администрация|ваш[аие]?) |\bteam$|^(?:your|the) .{0,40}\b(?:team|support)$"
)
_CAPTION = re.compile(
    r"(?:ответить|посмотреть|перейти|открыть|подробнее|редактировать|одобрить|опубликовать|reply|respond|view|open"
    r"|answer|see|edit|approve|publish|moderate)"
    r"(?: (?:now|online|на сайте|в \w+|in \w+|to (?!me\b|us\b)\w+(?: \w+)?"
    r"|message|сообщение|диалог|чат|chat|conversation|заявку|отзыв"
    r"|комментарий|заказ|запись|подробности|(?:the |this )?(?:review|comment|entry|post|order|details)))?",
    re.IGNORECASE,
)
"""A button, where the text part shows only its caption."""
_TEAM_ALONE = re.compile(
    r"[—–-]?\s?(?:(?:The |Your |Team )?(?:[A-Z][\w.&'-]*\s){1,3}[Tt]eam|(?:Ваша )?[Кк]оманда [«\"A-ZА-ЯЁ].{1,40}"
    r"|[Сс]лужба (?:поддержки|заботы) .{1,40})"
)
"""Who signs for a company, in a paragraph of its own."""
_ADMIN = re.compile(r"^https?://\S+/(?:wp-admin|administrator|bitrix/admin|admin)/")
_UNUSED = re.compile(r"[a-z]\w*[_:-][\w:-]*:")
"""The name of a field, as programs write it, in which nothing was filled in: what traps robots."""
_STAMP = re.compile(r"[^\w]{0,5}(?:\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}-\d\d-\d\d)\W{1,4}\d{1,2}:\d\d(?::\d\d)?")
"""A line that is nothing but when the mail was made."""
_SEPARATOR = "--"
_DASHES = re.compile(r"-{2,}|_{3,}|—{2,}")
_BUTTON_LENGTH = 40
_TAGLINE_LENGTH = 80
_CARD_WIDTH = 80
_SHORT_NAME = 3
_ANSWER_LENGTH = 20


@lru_cache(maxsize=512)
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
    separators = [number for number in range(max(0, end - 9), end) if _DASHES.fullmatch(items[number].text)]
    if any(item.text == _SEPARATOR for item in items[end:]):
        return end  # another such end above it is one that the visitor typed
    below = items[separators[-1] + 1 : end] if separators else []
    # "--" is known for what it is; other rules may be the visitor's.
    is_sure = bool(separators) and items[separators[-1]].text == _SEPARATOR
    if below and (any if is_sure else all)(_names_site(item, hosts) for item in below):
        above = items[: separators[-1]]
        return next((number + 1 for number in reversed(range(len(above))) if not above[number].is_rule), 0)
    return end


def _stripped(items: list[Item], hosts: frozenset[str], names: frozenset[str], *, only_own: bool) -> int:
    end = len(items)
    while True:
        before = end
        while (
            end
            and (_closes(items, end - 1, hosts) or _is_imprint(items, end - 1, hosts))
            and not (only_own and _is_foreign(items[end - 1], hosts))
        ):
            end -= 1
        end = _without_signature(items, _without_card(items, end, hosts, names), names)
        if end == before:
            return end


def _without_signature(items: list[Item], end: int, names: frozenset[str]) -> int:
    below = _below_sign_off(items, end)
    if any(_is_of_team(items[number].text, names) for number in range(below + 1, end)):
        return below
    signed = end
    while signed and _names_it(fold(items[signed - 1].text), names):
        signed -= 1
    if signed == end:
        return end
    return signed - 1 if signed and _SIGN_OFF.fullmatch(fold(items[signed - 1].text)) else signed


def _below_sign_off(items: list[Item], end: int) -> int:
    """Where a closing formula with a few short lines below it begins; the end when there is none."""
    for number in range(end - 1, max(-1, end - 7), -1):
        if len(items[number].text) > _CARD_WIDTH or items[number].text.endswith("?"):
            return end
        if is_sign_off(items[number].text):
            return number
    return end


def _is_of_team(text: str, names: frozenset[str]) -> bool:
    """Whether a line signs for a company: "the Oak team", "служба поддержки"."""
    folded = fold(text)
    whole = len(folded) > _SHORT_NAME and any(folded in name for name in names)
    return whole or _TEAM.search(folded) is not None or any(name in folded for name in names if len(name) > 2)


def _without_card(items: list[Item], end: int, hosts: frozenset[str], names: frozenset[str]) -> int:
    """Cut the company's visiting card: a last paragraph of short lines.

    One of them is nothing but its own address, or the first is its name.
    """
    start = next((number for number in range(end - 1, -1, -1) if items[number].gap), end)
    card = items[start:end]
    if len(card) < 2 or any(len(one.text) > _CARD_WIDTH or one.text.endswith(("?", "!")) for one in card):
        return end
    words = [(item.value or item.text).casefold() for item in card]
    own = [one for one in words if one.partition("@")[2] in hosts or one.removeprefix("www.") in hosts]
    if not (own or _names_it(fold(card[0].text), names)):
        return end
    return start - 1 if start and is_sign_off(items[start - 1].text) else start


def _names_it(text: str, names: frozenset[str]) -> bool:
    """Whether a line is the site's name, "— Oak", or "the Oak team"."""
    text = text.lstrip("—–- ")
    return text in names or (text.startswith("the ") and text.removeprefix("the ").removesuffix(" team") in names)


def _closes(items: list[Item], number: int, hosts: frozenset[str]) -> bool:
    item = items[number]
    if item.is_rule or item.is_button or is_footer(item.text) or is_about_the_page(item):
        return True
    if item.style is Style.BOLD and not item.value and item.text.endswith(":"):
        return True  # a field that was left empty
    if any(pattern.fullmatch(item.text) for pattern in (_UNUSED, _STAMP, _ACTION)):
        return True
    if _is_of_another(item) or _is_tagline(item.text, hosts) or _captions_link(items, number):
        return True
    if (
        _heads_page(items, number)
        or (item.gap and (_TEAM_ALONE.fullmatch(item.text) or _CAPTION.fullmatch(item.text)))
        or _is_consent(item)
    ):
        return True
    return _closes_with_contact(items, number, hosts)


def _is_consent(item: Item) -> bool:
    return item.role is Role.CONSENT and 0 < len(item.value) <= _ANSWER_LENGTH


def _closes_with_contact(items: list[Item], number: int, hosts: frozenset[str]) -> bool:
    """Whether a line is a link or number of the service's own."""
    item = items[number]
    before = items[number - 1].text if number else ""
    is_own = item.role is Role.EMAIL and item.value.rpartition("@")[2].casefold() in hosts
    if (is_own or is_phone(item.text)) and is_footer(before):
        return True
    if not _is_address(item.text):
        return _is_button(item, hosts)
    return host_of(item.text.split()[0]) in hosts or "/admin" in item.text or is_footer(before)


def _is_imprint(items: list[Item], number: int, hosts: frozenset[str]) -> bool:
    """Whether a line tells who runs a service and where, below other lines of the template."""
    return number > 0 and _IMPRINT.fullmatch(items[number].text) is not None and _closes(items, number - 1, hosts)


def _captions_link(items: list[Item], number: int) -> bool:
    """Whether a short line with a colon stands above nothing but a link: "Moderate this comment:"."""
    below = items[number + 1].text if number + 1 < len(items) else ""
    text = items[number].text
    captions = text.endswith(":") or _OFFERS.match(text) is not None
    return captions and len(text) <= _BUTTON_LENGTH and len(below.split()) == 1 and _is_address(below)


def _heads_page(items: list[Item], number: int) -> bool:
    """Whether a line is the heading of what software adds about the page and the browser."""
    below = items[number + 1] if number + 1 < len(items) else None
    return below is not None and may_head_section(items[number].text) and is_about_the_page(below)


def _is_of_another(item: Item) -> bool:
    """Whether a line gives the name, number or address of somebody whom its label calls another: "Shop's phone: …"."""
    return whose(item.label) is Whose.ANOTHER and bool(
        is_phone(item.value) or phones_in(item.value) or emails_in(item.value) or is_name(item.value)
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
