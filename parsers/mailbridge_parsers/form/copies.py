"""Mails about a form that are for the visitor, not about one."""

import re

from mailbridge.sdk import Mail, emails_in, fold
from mailbridge.sdk.deeds import untagged
from mailbridge_parsers.form.labels import Role
from mailbridge_parsers.form.reading import Reading
from mailbridge_parsers.form.site import FREE_DOMAINS, Site

_COPY_SUBJECT = re.compile(r"^(?:copy of|copy|копия|копия сообщения|копия письма)\s*:")
_COPY = re.compile(
    r"this is a copy of (?:the|your)|это копия (?:сообщения|письма|вашего)|копия вашего (?:сообщения|обращения)"
    r"|(?:is a|as a) receipt for your|here(?:'s| is) (?:a )?copy of (?:your|the)|copy of your (?:message|submission"
    r"|response)"
    r"|you (?:recently )?(?:submitted|filled (?:in|out)|wrote us)|вы (?:отправили|заполнили"
    r"|оставили) (?:нам )?(?:\S+ )?"
    r"(?:сообщени|форм|заявк|обращени)|(?:квитанц|подтвержд\w+) (?:о получении|отправки|вашей?|того)"
    r"|данные,? которые вы"
)
_LABEL_ALONE = re.compile(r"[^:：]{2,40}[:：]")
_SITE = re.compile(r"[(（][^()（）]{0,120}https?://")
_THANKS = re.compile(
    r"^(?:thank you|thanks)\b.{0,40}\b(?:order|contact|message|enquiry|inquiry|submission|interest|request"
    r"|registering|getting"
    r"|reaching|writing|purchase|feedback|filling|for your)|ваш\w* заказ\w*.{0,60} (?:передан|отправлен|доставлен"
    r"|готов|оплачен|отмен[её]н|собран|в пути)|your order .{0,60}(?:shipped|on its way|delivered|ready|cancel)"
    r"|спасибо за|благодарим (?:вас )?за|благодарим,? что"
    r"|мы получили ваш"
    r"|ваш\w* (?:заявк|сообщени|обращени|запрос|письмо|заказ)\w*(?: номер| №)?.{0,60} (?:принят|получен|отправлен"
    r"|оформлен|создан"
    r"|зарегистрирован|подтвержд)|we(?:'ve| have) received your|we received your|your (?:order|message|request"
    r"|submission"
    r"|enquiry|inquiry|form).{0,40} (?:has been|was|is) (?:received|sent|confirmed|submitted|being)|ваш аккаунт"
    r"|ваша учетная запись"
    r"|добро пожаловать|welcome to|спасибо, что|свяжемся с вами|we will get back to you|we'll get back to you"
    r"|наш менеджер (?:свяжется|перезвонит)|мы свяжемся|your account"
)
_ASKS_US = re.compile(
    r"^(?:остав(?:ь|и)те|напишите) (?:ваш )?(?:отзыв|комментарий)|^оцените (?:ваш|нас|покупк|заказ|качеств|работ)"
    r"|^поделитесь "
    r"|^(?:rate|review) your |^how (?:was|did) "
)
"""What a shop wants of its customer, here of us."""
_DECIDED = re.compile(r"ваш\w* (?:заявк|запрос|анкет|заказ)\w*.{0,40} (?:одобрен|отклон[её]н|рассмотрен)")
"""What is told to the one who asked, whoever asked whom."""
_OWN_ORDER = re.compile(
    r"получен заказ от|новый заказ от|вы получили заказ|you(?:'ve| have) received (?:an|the following|a new) order"
    r"|new order from"
)


def asks_us(mail: Mail) -> bool:
    """Whether a shop wants a review of us, its customer."""
    return _ASKS_US.search(fold(untagged(mail.subject))) is not None


def is_visitor_copy(mail: Mail) -> bool:
    """Whether a mail says at once that it is the copy for the visitor, or has the shape of one."""
    lines = [line.strip() for line in mail.words.split("\n", 60) if line.strip()]
    says_so = any(_COPY.search(fold(line)) for line in lines[:3] if len(line) <= 400)
    return (says_so and _COPY_SUBJECT.match(fold(mail.subject)) is not None) or _is_receipt_of_cf7(mail, lines)


def _is_receipt_of_cf7(mail: Mail, lines: list[str]) -> bool:
    """The second mail of Contact Form 7, in any language: from the site, to be answered to the site, to a stranger.

    A plugin that sends through another server writes the site's own address, perhaps at a free service, into both.
    """
    if not (mail.reply_to and lines):
        return False
    sender, answer = mail.sender, mail.reply_to[0]
    is_own = sender.email == answer.email or (
        answer.domain not in FREE_DOMAINS and sender.is_of(answer.domain) and sender.email.startswith("wordpress@")
    )
    others = [one for one in mail.recipients if one.domain in FREE_DOMAINS or not one.is_of(sender.domain)]
    if not (is_own and len(others) == len(mail.recipients)) or {sender.email, answer.email} & {
        one.email for one in others
    }:
        return False
    closed = "--" in lines and _SITE.search(" ".join(lines[lines.index("--") :])) is not None
    return closed and _LABEL_ALONE.fullmatch(lines[0]) is not None


def copy_reason(mail: Mail, reading: Reading, site: Site, *, buyer_is_addressed: bool = False) -> str:
    """Return why a mail is for the visitor, "" when it is for the company.

    Args:
        mail: The mail.
        reading: Its fields.
        site: Whose addresses are whose.
        buyer_is_addressed: The system tells of new orders only by a mail to the buyer, of which the shop gets a copy.
    """
    subject = fold(mail.subject)
    above = [fold(item.text) for item in reading.loose[: max(reading.heads, 0 if reading.fields else 8)]]
    if _COPY_SUBJECT.match(subject):
        return "visitor_copy"
    loose = (fold(item.text) for _, item in reading.outer if len(item.text) <= 400)
    if any(map(_COPY.search, loose)):
        return "visitor_copy"
    if any(_DECIDED.search(line) for line in above if len(line) <= 400):
        return "receipt"
    if buyer_is_addressed or any(_OWN_ORDER.search(line) for line in above):
        return ""
    typed = {email for one in reading.all(Role.EMAIL, Role.NAME) for email in emails_in(one.value)}
    addressed = bool(typed & site.recipients)
    thanks = any(_THANKS.search(line) for line in (subject, *above) if len(line) <= 400)
    if thanks and (addressed or not typed):
        return "receipt"
    return "visitor_copy" if addressed and not typed & {mail.sender.email} else ""
