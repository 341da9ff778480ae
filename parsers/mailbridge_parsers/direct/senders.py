"""Signs that a program and no person sent a mail."""

import re

from mailbridge.sdk import Address, Mail, actors_in, deed_in, fold
from mailbridge.sdk.names import is_name
from mailbridge.sdk.people import is_email, is_robot
from mailbridge.sdk.programs import is_by_hand
from mailbridge_parsers.direct.body import words_of
from mailbridge_parsers.direct.services import EVERYBODYS, NETWORKS, SERVICES

_LIBRARIES = re.compile(
    r"phpmailer|swift\s?mailer|symfony|\bphp\b|drupal|joomla|bitrix|wordpress|laravel|zend|codeigniter|opencart"
    r"|prestashop"
    r"|magento|mailchimp|sendpulse|unisender|getresponse|mailgun|sendgrid|postmark|mandrill|sendinblue|brevo"
    r"|campaign|mautic"
    r"|django|actionmailer|javamail|cdosys|cdo for windows",
    re.IGNORECASE,
)
_SERVICE_HEADERS = (
    "X-PHP-Originating-Script", "X-PHP-Script", "X-EVENT_NAME", "X-Mailgun-Sid", "X-SG-EID", "X-MC-User",
    "X-Mandrill-User", "X-PM-Message-Id", "Feedback-ID", "X-CSA-Complaints", "X-Mailru-Msgtype",
)  # fmt: skip
# Python's email package, PHPMailer, Swift Mailer; some people's scripts use them, so this alone proves nothing.
_LIBRARY_BOUNDARY = re.compile(r"boundary=\"?(?:={10,}\d+==|b\d=?_\w{20,}|_=_swift)", re.IGNORECASE)
_UNSUBSCRIBE = re.compile(
    r"unsubscri|отпис(?:ать|к)|відписатис|abmelden|désabonn|cancelar (?:la )?suscripci", re.IGNORECASE
)
_ROBOT_WORDS = frozenset(
    {"notification", "notifications", "notify", "noreply", "robot", "bot", "mailer", "alert", "alerts"}
)
_MACHINES = re.compile(
    r"billing|status|backups?|builds?|ci|jenkins|tickets?|sms|monitor(?:ing)?|reports?|stats?|statistics|scan(?:ner)?"
    r"|fax|voicemail|chat|widget|quiz|quarantine"
    r"|call-?back|leads?|zayavk\w*|forms?|web-?forms?|site|web-?site|relay|pbx|ats|docs?|edo|comments?|reviews?"
    r"|forum|feedback|survey|tracking|shipment|system"
)
_ROLES = re.compile(
    r"info|shop|store|sales?|orders?|zakaz\w*|booking|reservations?|events?|support|service|admin|office|mail"
    r"|hello|contact\w*"
    r"|blog|wiki|forum|community|comments?|reviews?|feedback|gallery|portal|otzyv\w*"
    r"|site|web\w*|form\w*|hosting|bank|team|account\w*|manager|lead\w*|crm"
)
_MACHINE_HOSTS = frozenset({
    "notification", "notifications", "notify", "noreply", "no-reply", "email", "e", "em", "news", "newsletter",
    "newsletters", "mailer", "mailing", "alerts", "send", "sender", "txn", "bounce", "mg", "updates",
})  # fmt: skip
"""What services call the part of their domain that programs write from."""
_NO_ANSWER = re.compile(r"notific|uvedoml|ne-?pas-?repondre|pas-?de-?reponse|(?:nicht|keine)-?antwort|no-?respond")
_BULK_SENDERS = re.compile(
    r"news(?:letters?)?|marketing|promo(?:tions?)?|digest|mailing|rassylk[ai]|offers?|deals|welcome|announce(?:ments?)?"
    r"|updates?"
)
_AUTOMATIC = re.compile(
    r"(?:this|email|e-mail|message|mail) (?:is|was|has been)?\s?(?:an )?(?:auto(?:matic(?:ally)?"
    r"|mated)?[ -]?)?generated\b"
    r"|this is an automat(?:ed|ic)\b|(?:сформировано|создано|отправлено|сгенерировано) (?:системой )?автоматически"
    r"|a fax has arrived|fax received|received a .{0,20}\bfax\b|new voice ?mail|голосовое сообщение от",
    re.IGNORECASE,
)
_DEEDS = re.compile(
    r"\bha(?:s|ve) (?:accepted|invited|shared|joined|sent|added|requested|signed|assigned)\b|\binvit(?:ed|es|ation)\b"
    r"|приглаша\w+|приглашени\w+|поделил\w*|делится|назначил\w*",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\bformul|\b(?:web ?|contact )?form\b|форм[аыуе]\b|со? (?:вашего )?сайта|через сайт|на сайте|заявк"
    r"|enquiry|inquiry",
    re.IGNORECASE,
)
_NEW_LEAD = re.compile(
    r"\bнов(?:ая|ый|ое|ые) (?:заявк|заказ|лид|обращени|отклик|запис|брон|анкет|регистраци"
    r"|онлайн|сообщени\w+ (?:с|от)|ответ\b)"
    r"|^(?:заявка|заказ|сообщение|вопрос|письмо) (?:с|со|из|через) |обратн\w+ звон"
    r"|\bnew (?:order|lead|submission|entry|enquiry|inquiry|booking|reservation|response|registration|appointment"
    r"|message from|contact)\b|missed call|\bform (?:submission|entry|response)"
)
_NEW_ORDER = re.compile(r"(?:new (?:order|lead)|нов(?:ый|ая) (?:заказ|заявка|лид)) ?(?:№|#|no\.?) ?\d")
_CONTACT = re.compile(
    r"\bcontact\b|message from|new message|сообщени[ея]|вопрос|question|request|demande", re.IGNORECASE
)
_ARRIVALS = (
    r"(?:message|inquir|enquir|request|lead|booking|reservation|order|call\b|voice ?mail|review|comment|response"
    r"|submission|chat|conversation|application|question|quote|registration|notification|сообщени|заяв|заказ|обращени"
    r"|отклик|отзыв|комментари|вопрос|лид|запис|брон|звон|вызов|голосов|запрос|письм|уведомлени|анкет|регистраци)"
)
_NEWS = re.compile(
    rf"\byou(?:'ve| have)? (?:just |recently |been )?(?:received|got|have|sent) (?:an?|one|\d+|some)? ?(?:new"
    rf"|unread|offline"
    rf"|voice|missed)\b.{{0,30}}{_ARRIVALS}"
    r"|\b(?:respond|reply|answer) to \S+?(?:'s|’s) (?:inquiry|message|request|question|review)"
    r"|\b(?:someone|somebody|a (?:new )?(?:customer|client|visitor|guest|user|lead)) (?:has |have |just )*(?:sent|left"
    r"|submitted|requested|wants|contacted|filled|messaged|booked)"
    rf"|(?:вы получили|вам (?:пришл|поступил|отправил|написал|оставил)\w*|у вас|поступил\w*|получен\w*"
    rf"|пришл[аои]) (?:\S+ )?"
    rf"нов\w+ (?:\S+ ){{0,2}}{_ARRIVALS}"
    r"|(?:клиент|пользовател[ья]|посетител[ья]|покупател[ья]|гость) (?:\S+ ){0,3}(?:написал|отправил|оставил|просит"
    r"|заказал|откликнул|задал)"
)
_NEWS_OF_OFFICE = re.compile(rf"^\W*(?:an? )?(?:new|unread|missed|нов\w+|пропущен\w+) (?:\S+ ){{0,2}}{_ARRIVALS}")
_OFFICE_WORDS = re.compile(r"book|relay|chat|notif|messag|gate|post|express|mail")
_UNDECODED = re.compile(
    r"^content-(?:transfer-encoding|disposition): |\A\s*<\?xml|(?:^[A-Za-z0-9+/=]{60,76}\n){4}",
    re.IGNORECASE | re.MULTILINE,
)
_PROVIDERS = re.compile(
    r"(?:hello|info|support|security|team|news|help|mail|passport|cloud|welcome|account|promo|id|plus)@"
    r"(?:(?:yandex|ya|mail|rambler|google|gmail|outlook|microsoft|apple|icloud|yahoo|aol)\.(?:ru|com|net|by|kz))"
)
_SPAM_HEADERS = (("X-Spam-Flag", "yes"), ("X-Spam", "yes"), ("X-Spam-Status", "yes"), ("X-Spam-Result", "spam"))
_SPEAKS_FOR = re.compile(r"[\w'\"] (?:via|через) \w", re.IGNORECASE)
_REPLIED = re.compile(r"^\s*(?:re|fwd?|ответ|отв|пересл)\s*(?:\[\d+\])?:", re.IGNORECASE)
_RECEIVED = re.compile(
    r"\bваш(?:а|е|и|у)? (?:заказ|заявк|обращени|брон|запис|сообщени|письмо|запрос|отзыв|анкет|билет|покупк"
    r"|регистраци)\w*"
    r".{0,60}\b(?:принят|получен|отправлен|передан|оформлен|подтвержд|создан|зарегистрирован|доставлен|готов"
    r"|отмен|оплачен"
    r"|рассм|в пути|собран)|^(?:заказ|посылка|бронь|бронирование|заявка) ?(?:№|n"
    r"|#)?\s?[\w-]*\d[\w-]* .{0,30}\b(?:принят"
    r"|отправлен|передан|оформлен|подтвержд|доставлен|готов|отмен|оплачен|прибыл|собран)"
    r"|подтверждение (?:заказа|бронирования|брони|регистрации|записи|заявки)|^ваш\w* (?:заказ|бронь|бронирование"
    r"|билет)\w*\b"
    r"|\byour (?:[\w#-]+ )?(?:parcel|package|shipment|delivery|order|request|booking|reservation|message|ticket"
    r"|application|enquiry|inquiry"
    r"|appointment|payment"
    r"|registration)\b.{0,60}\b(?:received|confirmed|shipped|processed|cancel|complete|on its way|delivered"
    r"|submitted|placed)"
    r"|^we(?:'ve| have)? received your|^(?:order|booking|reservation|registration|appointment) confirm"
)
_THANKS = re.compile(
    r"(?:спасибо|благодарим(?: вас)?) за (?:ваш\w* )?(?:обращени|заказ|заявк|регистраци|покупк|подписк|отзыв"
    r"|бронирован|запис"
    r"|интерес|письмо|сообщение)|thank(?:s| you) for (?:your )?(?:order|message|purchase|regist|inquiry|enquiry|request"
    r"|booking|contacting|reaching|subscri|interest|submission|signing)"
)
_PERSON = re.compile(
    r"(?:\w+ ){0,2}(?:name|имя|фио|ф\.и\.о\.|клиент|customer|client|donor|applicant|контактное лицо|ім'я)\s?:"
    r"\s*(?P<name>\w.+)",
    re.IGNORECASE,
)
_CONTACT_LINE = re.compile(
    r"(?:\w+ ){0,2}(?:e-?mail|phone|tel|mobile|телефон|тел|почта|пошта)\b[^:]{0,15}:\s*(?P<value>\S*[\d@].*)",
    re.IGNORECASE,
)
_HEAD_LINES = 15
_MOST_PAIRS = 60
_LEAST_LINKS = 5
_LABELLED = re.compile(r"^\s*[^\s:：][^:：\n]{0,50}[:：]\s*\S")
_LINK = re.compile(r"^\s*\w{2,10}://")
_BLOCK = "xxx"


def is_nobody(mail: Mail) -> bool:
    """Whether the sender's address is that of a program, in more languages than English."""
    local = mail.sender.email.partition("@")[0]
    words = frozenset(re.split(r"[._+-]", local))
    named = is_robot(mail.sender.email) or bool(words & _ROBOT_WORDS) or bool(_NO_ANSWER.search(local))
    named = named or mail.sender.domain.partition(".")[0] in _MACHINE_HOSTS
    return named or (_MACHINES.fullmatch(local) is not None and not is_by_hand(mail))


def is_own_office(mail: Mail) -> bool:
    """Whether an office of the recipient's own company sent the mail, and no mail program made it: so sites write."""
    own = {address.domain for address in mail.recipients if not address.is_of(*EVERYBODYS)}
    local = mail.sender.email.partition("@")[0]
    return mail.sender.domain in own and _ROLES.fullmatch(local) is not None and not is_by_hand(mail)


def is_receipt(mail: Mail) -> bool:
    """Whether a shop or an office tells its customer that something was received, confirmed or sent."""
    if is_by_hand(mail) or _REPLIED.match(mail.subject):
        return False
    lines = [fold(line) for line in words_of(mail).split("\n", 30) if line.strip()][:4]
    subject = fold(mail.subject)
    if _RECEIVED.search(subject) or _THANKS.match(subject):
        return True
    return any(_RECEIVED.search(line) for line in lines if len(line) <= 300)


_DONE_TO_US = frozenset({"comment", "review", "like", "mention", "follow", "repost"})
_TOLD_WITHIN = 3
"""Lines: above the sentence there may be a greeting and a title."""
_REPORTS = re.compile(
    r"(?:posted|written|submitted) by \S.{0,80} (?:at|on) \S*\d"
    r"|(?:new|your) (?:comment|reply|review)\b.{0,80}|\S.{0,30}回复说|您在.{0,60}评论",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"(?P<name>\S.{0,60}\S) (?:wrote|replied|commented|said|пишет|написала?|ответила?)\s?:", re.IGNORECASE
)
"""How a program of a site begins: nobody begins a letter of his own so."""
_WROTE = re.compile(
    r"(?P<name>\S.{0,60}\S) (?:wrote|replied|commented|said|пишет|написала?|ответила?)\s?:", re.IGNORECASE
)
_YOURS = re.compile(r"\b(?:your?|ваш\w*|вас|вам|dein\w*|ihr\w*|tu|votre)\b", re.IGNORECASE)


def says_automatic(mail: Mail) -> bool:
    """Whether a mail says itself that a machine wrote it."""
    return not _answers(mail) and _AUTOMATIC.search(words_of(mail)[:2000]) is not None


def is_notice(mail: Mail, answered: Address) -> bool:
    """Whether a program tells of a person instead of passing on what the person wrote on a site."""
    if _FORM.search(f"{mail.subject}\n{words_of(mail)[:2000]}") or _CONTACT.search(mail.subject):
        return False
    return bool(_DEEDS.search(mail.subject)) or _ROLES.fullmatch(answered.email.partition("@")[0]) is not None


def tells_of_another(mail: Mail) -> bool:
    """Whether a mail that nobody wrote by hand begins with what somebody else did: "Mei commented on your post"."""
    if is_by_hand(mail) or _answers(mail):
        return False
    lines = [line.strip() for line in words_of(mail)[:2000].split("\n") if line.strip()]
    return any(map(_repeats, lines[:1])) or any(map(_reports, lines[:_TOLD_WITHIN]))


def _reports(line: str) -> bool:
    return _REPORTS.match(line) is not None or _is_deed_to_us(line)


def _repeats(line: str) -> bool:
    """Whether a first line says whose words stand below, and when is not told, as above a quotation."""
    told = _WROTE.match(line)
    return told is not None and is_name(told["name"])


def _is_deed_to_us(line: str) -> bool:
    deed = deed_in(line)
    return deed is not None and deed.kind in _DONE_TO_US and bool(actors_in(line)) and bool(_YOURS.search(line))


def shows_another(mail: Mail) -> bool:
    """Whether labelled lines give the name and a contact of somebody else than the sender, as no person writes them."""
    lines = [line.strip() for line in words_of(mail)[:4000].split("\n")]
    shown = [match for line in lines if (match := _PERSON.match(line))]
    contacts = [match for line in lines if (match := _CONTACT_LINE.match(line))]
    if is_by_hand(mail):
        return False
    if _ROLES.fullmatch(mail.sender.email.partition("@")[0]) and _tells_address(mail, lines[:_HEAD_LINES]):
        return True
    if _tabulates_another(mail):
        return True
    if not shown or not contacts:
        return False
    own = {*fold(mail.sender.name).split(), *mail.sender.email.partition("@")[0].split(".")}
    return own.isdisjoint(fold(shown[0]["name"]).split()) and mail.sender.email not in contacts[0]["value"].lower()


def _tabulates_another(mail: Mail) -> bool:
    """Whether a table or a line of its own tells somebody else's address: no person writes so of themselves."""
    if "<td" not in mail.html_source.lower():
        return False
    own = {mail.sender.email, *(address.email for address in mail.recipients)}
    values = [pair.value.strip().lower() for pair in mail.html.pairs()[:_MOST_PAIRS] if pair.value]
    if len(values) > 2 and any(is_email(value) and value not in own for value in values):
        return True
    lines = [line.strip().lower() for line in words_of(mail).split("\n", _MOST_PAIRS)[:_MOST_PAIRS]]
    return any("@" in line and is_email(line) and line not in own for line in lines)


def _tells_address(mail: Mail, lines: list[str]) -> bool:
    """Whether one of several labelled lines gives somebody else's address, in whatever language."""
    labelled = [line for line in lines if _LABELLED.match(line) and not _LINK.match(line)]
    values = [re.split("[:：]", line, maxsplit=1)[1].strip().lower() for line in labelled]
    own = {mail.sender.email, *(address.email for address in mail.recipients)}
    return len(labelled) > 1 and any(is_email(value) and value not in own for value in values)


def announces_form(mail: Mail) -> bool:
    """Whether a mail that no mail program made speaks of a new lead or order: its sender is not who asks."""
    if _REPLIED.match(mail.subject):
        return False
    says_so = _NEW_LEAD.search(fold(mail.subject)) is not None or announces_order(words_of(mail))
    return says_so and not is_by_hand(mail)


def tells_news(mail: Mail) -> bool:
    """Whether a mail that no mail program made begins with what came in: "You have received a new message"."""
    if _REPLIED.match(mail.subject) or is_by_hand(mail):
        return False
    lines = [fold(line) for line in words_of(mail)[:3000].split("\n") if line.strip()][:_TOLD_WITHIN]
    said = [fold(mail.subject), *lines]
    if any(_NEWS.search(line) for line in said if len(line) <= 300 and not line.endswith("?")):
        return True
    local = mail.sender.email.partition("@")[0].partition("+")[0]
    is_office = _ROLES.fullmatch(local) is not None or _OFFICE_WORDS.search(local) is not None
    return is_office and any(_NEWS_OF_OFFICE.search(line) for line in said if len(line) <= 300)


def announces_order(words: str) -> bool:
    """Whether the first line tells of a numbered order or lead: "Новый заказ №28922"."""
    first = next((line for line in words.split("\n", 10) if line.strip()), "")[:300]
    return _NEW_ORDER.match(fold(first)) is not None


def is_undecoded(text: str) -> bool:
    """Whether a text is no text: parts of a mail that nobody could take apart, encoded bytes, a program's data."""
    return _UNDECODED.search(text[:20_000]) is not None


def speaks_for_another(mail: Mail) -> bool:
    """Whether a group or a service wrote under its own address for somebody: "Ann via Sales"."""
    return _SPEAKS_FOR.search(mail.sender.name) is not None


def is_spam(mail: Mail) -> bool:
    """Whether the receiving server has marked the mail as spam."""
    return any(mail.headers.get(name).strip().casefold().startswith(value) for name, value in _SPAM_HEADERS)


def is_bulk(mail: Mail) -> bool:
    """Whether the mail says so (forms say it too, their parser comes first) or comes from a newsletter's address."""
    if mail.headers.get("Precedence").strip().casefold() in {"bulk", "junk", "list"}:
        return True
    return _BULK_SENDERS.fullmatch(mail.sender.email.partition("@")[0]) is not None and not _answers(mail)


def is_laid_out(mail: Mail) -> bool:
    """Whether the HTML body is a page built of nested tables and no mail program made it."""
    if is_by_hand(mail):
        return False
    if mail.html_source.lower().count("<table") < 3:
        return False
    return len(mail.html.links) >= _LEAST_LINKS and mail.html.first("table table table") is not None


def _answers(mail: Mail) -> bool:
    return bool(mail.headers.get("In-Reply-To").strip())


def is_service(mail: Mail) -> bool:
    """Whether the sender's domain belongs to a network or service."""
    if mail.sender.is_of(*NETWORKS) or (mail.sender.is_of(*SERVICES) and not is_by_hand(mail)):
        return True
    return _PROVIDERS.fullmatch(mail.sender.email) is not None


def offers_unsubscribing(mail: Mail) -> bool:
    """Whether the HTML body has a link to unsubscribe: a mail to many, whoever signed it."""
    if _answers(mail):
        return False
    if not (_UNSUBSCRIBE.search(mail.html_source) or _UNSUBSCRIBE.search(mail.html.text)):
        return False
    return any(_UNSUBSCRIBE.search(link.text) or _UNSUBSCRIBE.search(link.href) for link in mail.html.links)


def is_program(mail: Mail) -> bool:
    """Whether headers show a program; a mail that answers another one was written by somebody all the same."""
    if _answers(mail):
        return False
    if mail.headers.get("Auto-Submitted", "no").strip().casefold() != "no":
        return True
    if _ROLES.fullmatch(mail.sender.email.partition("@")[0]) and not is_by_hand(mail) and _is_sheet(words_of(mail)):
        return True
    if _LIBRARY_BOUNDARY.search(mail.headers.get("Content-Type")) and looks_like_form(words_of(mail)):
        return True
    made_by = f"{mail.headers.get('X-Mailer')} {mail.headers.get('User-Agent')}"
    return bool(_LIBRARIES.search(made_by)) or any(name in mail.headers for name in _SERVICE_HEADERS)


def _is_sheet(text: str) -> bool:
    """Whether hardly anything but "label: value" stands in a text."""
    lines = [line for line in text.split("\n", 200) if line.strip()]
    labelled = sum(bool(_LABELLED.match(line) and not _LINK.match(line)) for line in lines)
    return (labelled > 2 and labelled * 3 >= len(lines) * 2) or 1 < labelled == len(lines)


def looks_like_form(text: str) -> bool:
    """Whether two lines in three at least are "label: value", or some of them stand together as a block."""
    labelled = [bool(_LABELLED.match(line) and not _LINK.match(line)) for line in text.split("\n") if line.strip()]
    in_a_row = "".join("x" if each else " " for each in labelled)
    return _BLOCK in in_a_row or sum(labelled) * 3 >= max(2, len(labelled)) * 2
