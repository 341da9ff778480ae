"""What no person wrote to the company: bounces, automatic replies, newsletters, calendars, codes, reports of machines.

Signs after which nothing can be an interest (RFC 3464, RFC 3834) have the greatest strength: a bounce quotes the mail
that it is about. Signs of bulk mail (RFC 2919, RFC 2369) are weak, because networks and form services use them too.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import Ignored, Interest, Mail, Manifest, NoConfig, ParseError, Route, Strength
from mailbridge.sdk.pairs import split_label
from mailbridge.sdk.people import emails_in, is_email, is_phone, is_robot, phones_in
from mailbridge.sdk.programs import is_by_hand

_DAEMONS = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "maildaemon", "mdaemon"})
_AUTO_SUBJECT = re.compile(
    r"^\s*(?:\[?auto(?:matic|mated)?[\s-]*(?:reply|response|answer)\]?|out of (?:the )?office|автоответ"
    r"|автоматический ответ|автовідповідь|автоматична відповідь|абонент(?:а)? (?:отсутствует|нет)|вне офиса"
    r"|abwesenheits|automatische antwort|réponse automatique|respuesta automática|risposta automatica)",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status notification|failure|report)|mail delivery (?:failed|system)|returned mail"
    r"|failure notice|не ?доставлен|не удалось доставить|ошибка доставки|возврат (?:письма|сообщения)"
    r"|отч[её]т о доставке",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"(?:verification|confirmation|security|login|access|one-?time|sign-?in|activation|auth\w*) (?:code|pin|password)"
    r"|(?:reset|change|restore|recover)\w* (?:of )?(?:your |the )?password|password (?:reset|recovery|change)"
    r"|(?:verify|confirm) your (?:e-?mail|account|address)|new (?:sign-?in|login)|^(?:security|sign-?in"
    r"|login) (?:alert|notice)"
    r"|(?:оповещение|уведомление) (?:о |системы )?безопасности|нов\w+ вход"
    r"|код (?:для |на )?(?:подтвержд|входа|доступа|активац|безопасн|авториз|регистрац)"
    r"|(?:одноразовый|проверочный) (?:код|пароль)|(?:восстановлен|сброс|смен)\w* парол"
    r"|подтвердите (?:адрес|e-?mail|почту|регистрацию|аккаунт)"
    r"|подтверждение (?:адреса|регистрации|e-?mail|почты|входа)|вход в (?:аккаунт|уч[её]тную запись)"
    r"|ваш (?:аккаунт|пароль|логин)",
    re.IGNORECASE,
)
# "123456 is your X code", "Your code: 123456", «Код 1234 — …»
_CODE_ITSELF = re.compile(
    r"^\D{0,20}\b\d{4,8}\b.{0,40}\b(?:code|код)\b|\b(?:code|pin|код)\b\D{0,30}\b\d{4,8}\b", re.IGNORECASE
)
_SECRET = re.compile(
    r"\b(?:code|код|пароль)\b.{0,80}(?:(?:never|do not|don't) share|никому (?:его )?не (?:сообщайте|говорите"
    r"|передавайте))"
    r"|\b(?:code|код|пароль)\b\D{0,30}\d{4,8}\b.{0,60}(?:minutes|минут)",
    re.IGNORECASE | re.DOTALL,
)
_ANSWERS = re.compile(r"(?:re|aw|sv|отв|ответ)\s*:", re.IGNORECASE)
_DIALLED = re.compile(r"\+\d(?:[ ()-]?\d){8,}")
_SEARCHED = 5_000
_SHORT = 600
_RECEIPT = re.compile(
    r"\b(?:receipt|invoice|billing statement|payment (?:received|confirmation)|account statement)\b"
    r"|(?:кассовый|электронный) чек|\bчек (?:по|за|№|об)|квитанци|сч[её]т (?:на оплату|(?:№|n|no\.?)\s*\w*\d)"
    r"|сч[её]т-фактура|выписка по"
    r"|акт сверки|списание средств",
    re.IGNORECASE,
)
_READ_SUBJECT = re.compile(r"\s*(?:прочитано|прочтено|read|not read|gelesen|lu|leído|letto)\s*:", re.IGNORECASE)
_READ = re.compile(
    r"было (?:прочитано|прочтено|удалено)|\bwas (?:read|displayed|deleted)|has been (?:read|displayed)"
    r"|wurde (?:gelesen|angezeigt)|a été lu|ha sido le[ií]do|è stato letto",
    re.IGNORECASE,
)
"""What a mail program tells for the reader, where it sends no report (RFC 8098)."""
_BILLS = re.compile(r"billing|invoices?|accounts?|accounting|payments?|buh\w*|bills?|ofd|cheque|kassa")
_ALERT = re.compile(
    r"^\W*(?:problem|recovery|acknowledgement|flapping\w*)\b\W+(?:service|host)\b.{0,20}\balert\b"
    r"|\b(?:service|host|monitor)\b.{0,80}\bis\s+(?:critical|warning|down|up|unreachable|ok|recovered)\b|^cron <"
    r"|^\[(?:firing|resolved)(?::\d+)?\]",
    re.IGNORECASE,
)
# Aggregate reports of DMARC (RFC 7489 §7.2.1.1) and SMTP TLS (RFC 8460 §5.3).
_REPORT_OF_DOMAIN = re.compile(r"^\s*report domain: ", re.IGNORECASE)
_TICKET_OPENED = re.compile(
    r"\[request received\]|type your reply above this line|your (?:request|ticket|case)\b.{0,40}\b(?:received"
    r"|created|opened"
    r"|updated|solved|closed)|(?:обращени|заявк|запрос)\w*\b.{0,60}\b(?:зарегистрирован|принят в работу|закрыт|решен)",
    re.IGNORECASE,
)
_MONITORS = re.compile(
    r"(?:nagios|icinga|zabbix|monit|monitor(?:ing)?|grafana|prometheus|alertmanager|uptime\w*)\d*(?:[-+.]\w+)?"
)
_MACHINES = ("X-Cron-Env", "X-Logwatch-Version", "X-Nagios-Notification-Type", "X-Zabbix", "X-Fail2Ban")
_TICKET_HEADERS = (
    "X-JIRA-FingerPrint", "X-GitHub-Reason", "X-GitLab-Project", "X-Redmine-Project", "X-Bugzilla-Reason",
    "X-Trac-Project", "X-Phabricator-Stamps", "X-Gerrit-MessageType", "X-OTRS-Loop", "X-Zammad-Ticket-Id",
    "X-YouTrack-Issue", "X-Launchpad-Bug", "X-Sentry-Project",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Noise:
    """One kind of mail that holds no interest."""

    name: str
    strength: Strength
    reason: Callable[[Mail], str]


def _bounce(mail: Mail) -> str:
    content = mail.headers.get("Content-Type").casefold()
    if "disposition-notification" in content:
        return "read_receipt"
    is_report = content.startswith("multipart/report") or "report-type" in content
    if is_report or "X-Failed-Recipients" in mail.headers or _is_daemon(mail):
        return "bounce"
    if mail.headers.get("Return-Path").strip() == "<>":
        return "bounce" if _BOUNCE_SUBJECT.search(mail.subject) else "auto_reply"
    return ""


def _is_daemon(mail: Mail) -> bool:
    return any(sender.email.partition("@")[0] in _DAEMONS for sender in mail.senders)


def _automatic(mail: Mail) -> str:
    replied = mail.headers.get("Auto-Submitted").casefold().startswith("auto-replied")
    answers = any(
        mail.headers.get(name, "no").strip().casefold() not in {"no", ""}
        for name in ("X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Autoresponder", "Auto-Reply")
    )
    return "auto_reply" if replied or answers or _precedence(mail) in {"auto_reply", "auto-reply"} else ""


def _precedence(mail: Mail) -> str:
    return mail.headers.get("Precedence").strip().casefold()


def _machine(mail: Mail) -> str:
    if _REPORT_OF_DOMAIN.match(mail.subject) or "TLS-Report-Domain" in mail.headers:
        return "machine_report"
    if (
        _precedence(mail) != "list"
        and _TICKET_OPENED.search(f"{mail.subject}\n{mail.text[:500]}")
        and _is_generated(mail)
    ):
        return "ticket"
    if any(name in mail.headers for name in _TICKET_HEADERS):
        return "ticket"
    if mail.headers.get("X-Mailer").startswith("MediaWiki"):
        return "service_mail"
    return "machine_report" if any(name in mail.headers for name in _MACHINES) else ""


def _is_generated(mail: Mail) -> bool:
    return (
        mail.headers.get("Auto-Submitted", "no").strip().casefold() != "no"
        or "X-Auto-Response-Suppress" in mail.headers
    )


def _monitor(mail: Mail) -> str:
    """A program that watches machines, by its address, or by what it says and that nobody can answer."""
    local = mail.sender.email.partition("@")[0]
    alerts = is_robot(mail.sender.email) or local in {"root", "admin"}
    return "machine_report" if _MONITORS.fullmatch(local) or (alerts and _ALERT.search(mail.subject)) else ""


def _bulk(mail: Mail) -> str:
    if mail.headers.get("Content-Type").strip().casefold().startswith("multipart/digest"):
        return "digest"
    if "List-Post" in mail.headers or "Mailing-List" in mail.headers or _precedence(mail) == "list":
        return "list_mail"
    if "List-Unsubscribe" in mail.headers:
        return "newsletter"
    if "List-Id" in mail.headers:
        return "list_mail"
    return "newsletter" if "X-Campaign" in mail.headers or "X-MC-User" in mail.headers else ""


def _may_be_lead(mail: Mail) -> bool:
    """Whether a program made a mail to a list; or nobody knows who did, and it holds files, a number or an address."""
    if is_by_hand(mail):
        return False
    if is_robot(mail.sender.email) or "X-Mailer" in mail.headers or mail.attachments:
        return True
    own = {mail.sender.email, *(one.email for one in mail.recipients)}
    words = f"{mail.subject}\n{mail.words[:_SEARCHED]}"
    return bool(phones_in(words) or _DIALLED.search(words)) or not own.issuperset(emails_in(words))


def _labels_contact(mail: Mail) -> bool:
    """Whether a line is nothing but a label and a number or an address, and no person answers."""
    if _AUTO_SUBJECT.match(mail.subject) or mail.headers.get("In-Reply-To").strip() or _ANSWERS.match(mail.subject):
        return False
    pairs = (split_label(line) for line in mail.words[:_SEARCHED].split("\n"))
    values = [pair[1] for pair in pairs if pair and pair[1]]
    return len(values) > 1 and any(is_email(value) or is_phone(value) for value in values)


def _calendar(mail: Mail) -> str:
    kinds = {file.media_type.casefold() for file in mail.attachments}
    is_invitation = "text/calendar" in kinds or "text/calendar" in mail.headers.get("Content-Type").casefold()
    return "calendar" if is_invitation or "calendarmessage" in mail.headers.get("Content-Class") else ""


def _from_words(mail: Mail) -> str:
    """Words of the subject; a person may use them too, so most need a robot as the sender."""
    if _READ_SUBJECT.match(mail.subject) and _READ.search(mail.text[:_SHORT]):
        return "read_receipt"
    if _AUTO_SUBJECT.match(mail.subject):
        return "auto_reply"
    if not mail.headers.get("In-Reply-To").strip() and _tells_code(mail):
        return "login_code"
    return _from_robot(mail)


def _tells_code(mail: Mail) -> bool:
    return _CODE_ITSELF.search(mail.subject) is not None or _SECRET.search(mail.text[:_SHORT]) is not None


def _from_robot(mail: Mail) -> str:
    is_bill = _RECEIPT.search(mail.subject) is not None
    if is_bill and _BILLS.fullmatch(mail.sender.email.partition("@")[0]):
        return "receipt"
    if not is_robot(mail.sender.email):
        return ""
    if _BOUNCE_SUBJECT.search(mail.subject):
        return "bounce"
    if _CODE.search(mail.subject):
        return "login_code"
    return "receipt" if is_bill else ""


_KINDS = (
    _Noise("bounce", Strength.FINAL, _bounce),
    _Noise("automatic-reply", Strength.FINAL, _automatic),
    _Noise("machine", Strength.SIGN, _machine),
    _Noise("monitor", Strength.SIGN, _monitor),
    _Noise("list-headers", Strength.STRUCTURE, _bulk),
    _Noise("calendar", Strength.STRUCTURE, _calendar),
    _Noise("subject-words", Strength.WORDS, _from_words),
)


def _route(noise: _Noise) -> Route:
    return Route(noise.name, noise.strength, match=lambda mail: bool(noise.reason(mail)))


class NoiseParser:
    """Knows the mails in which there is nothing to answer, and says why."""

    manifest: ClassVar[Manifest] = Manifest(
        name="noise",
        version="3",
        title="Noise (bounces, automatic replies, newsletters)",
        evidence="real",
        docs="docs/parsers/noise.md",
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = tuple(map(_route, _KINDS))

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the reason of the strongest sign.

        Raises:
            ParseError: What a program sent to a list may be a lead; what people write to one is for all its readers.
                Some sites send their forms with the return path of automatic replies (RFC 3834 §3.3).
        """
        found = next((reason for noise in _KINDS if (reason := noise.reason(mail))), "noise")
        if found == "auto_reply" and not _automatic(mail) and _labels_contact(mail):
            raise ParseError("null_return_path", "sent like an automatic reply, and yet it has fields")
        if found == "list_mail" and _may_be_lead(mail):
            raise ParseError("listed_mail", "a program's mail, through a mailing list that is not the company's own")
        return Ignored(found)
