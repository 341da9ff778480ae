"""Errors, sorted by what the core does next.

MailbridgeError
├── ParseError                 quarantine the mail
│   ├── TemplateChanged        … and tell operators once per template
│   └── Enclosed               … unless another parser reads the mail inside
└── SinkError                  raised by CrmClient, turned into outcomes by `outcome_of`
├── NotWritten             nothing was written: try again later
├── MaybeWritten           perhaps written: doubt, search before anything else
├── Refused                the CRM will never take this: dead letter
└── Unusable               credentials, rights or set-up: pause the account
"""

from mailbridge.sdk.secrets import masked


class MailbridgeError(Exception):
    """Base of all errors that mailbridge raises on purpose; a secret that the words of a server repeat is masked."""

    def __init__(self, *told: object) -> None:
        super().__init__(*(masked(one) if isinstance(one, str) else one for one in told))


class ParseError(MailbridgeError):
    """The mail is ours and can't be read; it goes to quarantine.

    Args:
        reason: Short and constant, lower_snake_case, such as "no_author"; counted by operators.
        detail: What was seen, for the person who looks at the quarantine.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class TemplateChanged(ParseError):  # noqa: N818 - names the event, not the error
    """A part that the network's mails always had is missing."""


class SinkError(MailbridgeError):
    """A request to a CRM did not end well."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = masked(reason)


class NotWritten(SinkError):  # noqa: N818 - says what is known
    """Nothing of the request took effect; it may be sent again.

    Args:
        reason: What happened.
        after_s: Seconds to wait, when the CRM said so.
        pause: The whole account has to wait, not just this delivery (rate limit, CRM down).
    """

    def __init__(self, reason: str, *, after_s: float | None = None, pause: bool = False) -> None:
        super().__init__(reason)
        self.after_s = after_s
        self.pause = pause


class MaybeWritten(SinkError):  # noqa: N818 - says what is known
    """The request may have taken effect: time-out, cut connection, 5xx, unreadable answer."""


class Refused(SinkError):  # noqa: N818 - says what is known
    """The CRM understood the request and will never accept it."""


class Unusable(SinkError):  # noqa: N818 - says what is known
    """No request of this account can work until a person acts."""
