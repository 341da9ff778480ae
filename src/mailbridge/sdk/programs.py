"""Whether a person or a program made a mail, as far as its header fields tell."""

import re

from mailbridge.sdk.mail import Mail

_MAIL_PROGRAMS = re.compile(
    r"outlook|thunderbird|apple mail|iphone mail|ipad mail|the bat|mutt|s-nail|mailx|evolution|kmail|yamail|sylpheed"
    r"|mail\.ru mailer|roundcube|sogo|zimbra|claws|foxmail|emclient|em client|airmail|spark|protonmail|gmail",
    re.IGNORECASE,
)
_IDS = re.compile(r"outlook|gmail|protonmail|zimbra|foxmail|emclient|yamail|sogo", re.IGNORECASE)
"""Of those some make ids that tell; other names are also those of companies."""
_OF_PROGRAMS = ("Thread-Index", "Thread-Topic", "X-Originating-IP")


def is_by_hand(mail: Mail) -> bool:
    """Whether a mail program made the mail, or it answers one."""
    headers = mail.headers
    if headers.get("In-Reply-To").strip() or any(name in headers for name in _OF_PROGRAMS):
        return True
    made_by = f"{headers.get('X-Mailer')} {headers.get('User-Agent')}"
    return bool(_MAIL_PROGRAMS.search(made_by) or _IDS.search(headers.get("Message-ID")))
