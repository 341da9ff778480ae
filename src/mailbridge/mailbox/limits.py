"""How much of a mail is read, and the error for a mail that is none or too much."""

from dataclasses import dataclass

from mailbridge.sdk import MailbridgeError


class Undecodable(MailbridgeError):  # noqa: N818 - names the state of the mail
    """The bytes give no mail.

    Args:
        reason: Short and constant, lower_snake_case, such as "too_large"; counted by operators.
        detail: What was seen, for the person who looks at the quarantine.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is read of one mail; sizes in bytes."""

    raw_bytes: int = 10_000_000
