"""What WordPress tells the administrator about accounts and about itself."""

import re
from dataclasses import dataclass

from mailbridge.sdk import Mail, TemplateChanged, clean
from mailbridge.sdk.people import is_email

_SITE = re.compile(r"^\[(?P<site>.+?)\] ")
_VALUE = re.compile(r"^[^:：\n]{1,60}[:：]\s*(?P<value>\S[^\n]*)$")
_PASSWORD_LINK = re.compile(r"/wp-login\.php\?(?:\S*&(?:amp;)?)?action=(?:rp|confirmaction|resetpass)\b")
_OWN_WORK = re.compile(r"/wp-admin/(?:update-core|site-health|plugins|themes|about|erase-personal|export-personal)\S*")
_HELP = re.compile(r"https?://(?:[a-z-]+\.)?wordpress\.org/(?:support|documentation|about)/")


@dataclass(frozen=True, slots=True)
class Registration:
    """A new account: name of the site, name and address of the user."""

    site: str
    login: str
    email: str


def is_registration(mail: Mail) -> bool:
    """Whether the mail is three paragraphs: one that names the site of the subject, a login, an address."""
    return _registration(mail) is not None


def read_registration(mail: Mail) -> Registration:
    """Read a mail that `is_registration`.

    Raises:
        TemplateChanged: It is not.
    """
    found = _registration(mail)
    if found is None:
        raise TemplateChanged("no_registration")
    return found


def _registration(mail: Mail) -> Registration | None:
    site = _SITE.match(mail.subject)
    lines = [line.strip() for line in clean(mail.words).split("\n") if line.strip()]
    if site is None or len(lines) != 3 or site["site"] not in lines[0]:
        return None
    login, email = (_VALUE.match(line) for line in lines[1:])
    if login is None or email is None or not is_email(email["value"].strip()):
        return None
    return Registration(site["site"], login["value"].strip(), email["value"].strip().lower())


def is_service(mail: Mail) -> bool:
    """Whether the site writes about passwords, updates or its own health."""
    return _SITE.match(mail.subject) is not None and bool(service_reason(mail, default=""))


def service_reason(mail: Mail, default: str = "service_mail") -> str:
    """Return why a mail of the site itself holds no interest."""
    if _PASSWORD_LINK.search(mail.words):
        return "login_code"
    return "service_mail" if _OWN_WORK.search(mail.words) and _HELP.search(mail.words) else default
