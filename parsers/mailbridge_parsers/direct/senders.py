"""Signs that a program and no person sent a mail."""

import re

from mailbridge.sdk import Mail
from mailbridge.sdk.people import is_robot
from mailbridge_parsers.direct.body import words_of

_LIBRARIES = re.compile(
    r"phpmailer|swift\s?mailer|symfony|\bphp\b|drupal|joomla|bitrix|wordpress|laravel|zend|codeigniter|opencart|prestashop"
    r"|magento|mailchimp|sendpulse|unisender|getresponse|mailgun|sendgrid|postmark|mandrill|sendinblue|brevo|campaign|mautic"
    r"|django|actionmailer|javamail|cdosys|cdo for windows",
    re.IGNORECASE,
)
_SERVICE_HEADERS = (
    "X-PHP-Originating-Script", "X-PHP-Script", "X-EVENT_NAME", "X-Mailgun-Sid", "X-SG-EID", "X-MC-User",
    "X-Mandrill-User", "X-PM-Message-Id", "Feedback-ID", "X-CSA-Complaints", "X-Mailru-Msgtype",
)  # fmt: skip
# Python's email package, PHPMailer, Swift Mailer; some people's scripts use them, so this alone proves nothing.
_LIBRARY_BOUNDARY = re.compile(r"boundary=\"?(?:={10,}\d+==|b\d=?_\w{20,}|_=_swift)", re.IGNORECASE)
# Networks and services write from these domains, people practically never do.
_SERVICES = (
    "facebookmail.com", "facebook.com", "instagram.com", "twitter.com", "x.com", "linkedin.com", "youtube.com",
    "vk.com", "vk.ru", "vk.company", "ok.ru", "odnoklassniki.ru", "tiktok.com", "pinterest.com", "reddit.com",
    "redditmail.com", "telegram.org", "whatsapp.com", "discord.com", "medium.com", "quora.com", "hh.ru", "avito.ru",
    "livejournal.com",
    "tilda.ws", "tilda.cc", "typeform.com", "jotform.com", "formspree.io", "netlify.com", "marquiz.ru", "disqus.net",
    "github.com", "gitlab.com", "atlassian.net", "slack.com", "zoom.us", "paypal.com", "amazonses.com",
)  # fmt: skip
_UNSUBSCRIBE = re.compile(
    r"unsubscri|отпис(?:ать|к)|відписатис|abmelden|désabonn|cancelar (?:la )?suscripci", re.IGNORECASE
)
_ROBOT_WORDS = frozenset(
    {"notification", "notifications", "notify", "noreply", "robot", "bot", "mailer", "alert", "alerts"}
)
_NO_ANSWER = re.compile(r"ne-?pas-?repondre|pas-?de-?reponse|(?:nicht|keine)-?antwort|no-?respond")
_BULK_SENDERS = re.compile(
    r"news(?:letters?)?|marketing|promo(?:tions?)?|digest|mailing|rassylk[ai]|offers?|deals|welcome|announce(?:ments?)?"
    r"|updates?"
)
_MAIL_PROGRAMS = re.compile(
    r"outlook|thunderbird|apple mail|iphone mail|ipad mail|the bat|mutt|s-nail|mailx|evolution|kmail|yamail|sylpheed"
    r"|mail\.ru mailer|roundcube|sogo|zimbra|claws|foxmail|emclient|em client|airmail|spark|protonmail|gmail",
    re.IGNORECASE,
)
_LEAST_LINKS = 5
_LABELLED = re.compile(r"^\s*[^\s:：][^:：\n]{0,50}[:：]\s*\S")
_LINK = re.compile(r"^\s*\w{2,10}://")
_BLOCK = "xxx"


def is_nobody(mail: Mail) -> bool:
    """Whether the sender's address is that of a program, in more languages than English."""
    local = mail.sender.email.partition("@")[0]
    words = frozenset(re.split(r"[._+-]", local))
    return is_robot(mail.sender.email) or bool(words & _ROBOT_WORDS) or bool(_NO_ANSWER.search(local))


def is_bulk(mail: Mail) -> bool:
    """Whether the mail says so (forms say it too, their parser comes first) or comes from a newsletter's address."""
    if mail.headers.get("Precedence").strip().casefold() in {"bulk", "junk", "list"}:
        return True
    return _BULK_SENDERS.fullmatch(mail.sender.email.partition("@")[0]) is not None and not _answers(mail)


def is_laid_out(mail: Mail) -> bool:
    """Whether the HTML body is a page built of nested tables and no mail program made it."""
    if _answers(mail) or any(name in mail.headers for name in ("Thread-Index", "Thread-Topic", "X-Originating-IP")):
        return False
    made_by = " ".join(mail.headers.get(name) for name in ("X-Mailer", "User-Agent", "Message-ID"))
    if _MAIL_PROGRAMS.search(made_by):
        return False
    if mail.html_source.lower().count("<table") < 3:
        return False
    return len(mail.html.links) >= _LEAST_LINKS and mail.html.first("table table table") is not None


def _answers(mail: Mail) -> bool:
    return bool(mail.headers.get("In-Reply-To").strip())


def is_service(mail: Mail) -> bool:
    """Whether the sender's domain belongs to a network or service."""
    return mail.sender.is_of(*_SERVICES)


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
    if _LIBRARY_BOUNDARY.search(mail.headers.get("Content-Type")) and looks_like_form(words_of(mail)):
        return True
    made_by = f"{mail.headers.get('X-Mailer')} {mail.headers.get('User-Agent')}"
    return bool(_LIBRARIES.search(made_by)) or any(name in mail.headers for name in _SERVICE_HEADERS)


def looks_like_form(text: str) -> bool:
    """Whether two lines in three at least are "label: value", or some of them stand together as a block."""
    labelled = [bool(_LABELLED.match(line) and not _LINK.match(line)) for line in text.split("\n") if line.strip()]
    in_a_row = "".join("x" if each else " " for each in labelled)
    return _BLOCK in in_a_row or sum(labelled) * 3 >= max(2, len(labelled)) * 2
