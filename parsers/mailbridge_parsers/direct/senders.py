"""Signs that a program and no person sent a mail."""

import re

from mailbridge.sdk import Mail
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
_LABELLED = re.compile(r"^\s*[^\s:：][^:：\n]{0,50}[:：]\s*\S")
_LINK = re.compile(r"^\s*\w{2,10}://")
_BLOCK = "xxx"


def is_program(mail: Mail) -> bool:
    """Whether headers show a program; a mail that answers another one was written by somebody all the same."""
    if "In-Reply-To" in mail.headers and mail.headers.get("In-Reply-To").strip():
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
