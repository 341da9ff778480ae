"""`[canary]`: a mail to ourselves, through the whole way in."""

import hashlib
from email.errors import MessageError
from email.headerregistry import Address

from pydantic import Field, field_validator

from mailbridge.mailbox.smtp import SmtpSettings


class CanarySettings(SmtpSettings):
    """A mail that the daemon sends to the shared mailbox, again and again, to prove that mails arrive and are read.

    Without this table none is sent.
    """

    to: str = Field(description="Address of the shared mailbox.", examples=["leads@example.org"])
    sender: str | None = Field(
        None,
        description="Address that it comes from; absent = the mailbox writes to itself. One at another provider proves "
        "more: that mails from outside come in.",
        examples=["canary@example.org"],
    )
    every_s: float = Field(3600, ge=60, le=604_800, description="Seconds from one canary mail to the next.")
    late_s: float = Field(600, ge=1, le=86_400, description="Seconds until one that was not read is missing.")

    @field_validator("to", "sender")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            fine = "." in Address(addr_spec=value).domain and value.isascii()
        except (MessageError, ValueError, IndexError):
            fine = False
        if not fine:
            raise ValueError(f"{value!r} is no address; write one like leads@example.org")
        return value

    @property
    def key(self) -> bytes:
        """What canary mails are signed with: made of what only this installation and its server know."""
        secret = self.password.get_secret_value() if self.password else ""
        return hashlib.sha256(f"mailbridge canary\0{self.host}\0{self.username}\0{secret}".encode()).digest()
