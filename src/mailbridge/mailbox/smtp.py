"""Hands a mail to a server that sends it on (RFC 6409): canary mails and reports; interests are never answered."""

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from mailbridge.mailbox.settings import has_controls, is_loopback
from mailbridge.mailbox.tls import trusting
from mailbridge.ports import PathUnreadable
from mailbridge.sdk import MailbridgeError, cut

PORTS = {"implicit": 465, "starttls": 587, "none": 25}
"""RFC 8314 §3.3, RFC 6409 §3.1, RFC 5321 §4.5.4.2."""

_NAME = "[127.0.0.1]"
"""How we greet (RFC 5321 §4.1.3): looking up our own name can take seconds and tells the server nothing."""


class NotSent(MailbridgeError):  # noqa: N818 - says what is known
    """The server took no mail.

    Attributes:
        exit_code: 69, or 77 where it refused the log-in.
        perhaps: It may have taken it: the connection broke before its answer.
    """

    exit_code = 69

    def __init__(self, about: str, *, refused: bool = False, perhaps: bool = False) -> None:
        super().__init__(about)
        self.perhaps = perhaps
        self.exit_code = 77 if refused else 69


class SmtpSettings(BaseModel):
    """A server that takes mails."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(description="Server that sends mails, such as smtp.example.org.", examples=["smtp.example.org"])
    port: int | None = Field(
        None, ge=1, le=65535, description="Absent = 465 with implicit TLS, 587 with starttls, else 25.", examples=[587]
    )
    tls: Literal["implicit", "starttls", "none"] = Field(
        "implicit", description="How the connection is encrypted; none sends no password but to this machine."
    )
    ca_file: Path | None = Field(
        None, description="Certificates (PEM) that are trusted instead of those of the system, for an own authority."
    )
    username: str | None = Field(
        None, description="Log-in name; absent = without a log-in.", examples=["canary@example.org"]
    )
    password: SecretStr | None = Field(None, description="Its password.")
    timeout_s: float = Field(30, gt=0, le=600, description="Seconds without an answer after which a server is dead.")

    @field_validator("host", "username")
    @classmethod
    def _is_one_line(cls, value: str | None) -> str | None:
        if value is not None and (not value.strip() or has_controls(value)):
            raise ValueError("is empty or holds a control character")
        return value

    @model_validator(mode="after")
    def _logs_in_safely(self) -> Self:
        if self.password is not None and self.username is None:
            raise ValueError("password needs username")
        if self.password is not None and self.tls == "none" and not is_loopback(self.host):
            raise ValueError(f"tls = none would send the password in clear to {self.host}: use implicit or starttls")
        return self

    @property
    def effective_port(self) -> int:
        """The port, or the default of the kind of encryption."""
        return self.port or PORTS[self.tls]


def send(settings: SmtpSettings, message: EmailMessage | None) -> None:
    """Log in and hand over a mail; None = only log in.

    Raises:
        NotSent: Names the server and what it said.
    """
    where = f"{settings.host}:{settings.effective_port}"
    handed: list[bool] = []
    try:
        client = _connected(settings)
        try:
            if settings.username is not None and settings.password is not None:
                client.login(settings.username, settings.password.get_secret_value())
            if message is None:
                client.noop()
            else:
                _note_data(client, handed)
                client.send_message(message)
        finally:
            _leave(client)
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(f"{where}: the log-in was refused: {_said(error)}", refused=True) from None
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise NotSent(f"{where}: the address was refused: {code} {_text(said)}") from None
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"{where}: {_said(error)}") from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise NotSent(f"{where}: {_text(why)}", perhaps=bool(handed)) from None


def _note_data(client: smtplib.SMTP, handed: list[bool]) -> None:
    """Note when the mail itself begins to be handed over: only from then on a lost answer is a doubt."""
    data: Any = client.data

    def noted(message: bytes) -> Any:
        handed.append(True)
        return data(message)

    client.data = noted  # type: ignore[method-assign,assignment]  # smtplib has no other place to see it begin


def _connected(settings: SmtpSettings) -> smtplib.SMTP:
    """Connect, encrypted as it is set: a server without STARTTLS gets no word, and no password, in clear."""
    host, port = settings.host.strip("[]"), settings.effective_port
    if settings.tls == "implicit":
        return smtplib.SMTP_SSL(host, port, _NAME, timeout=settings.timeout_s, context=_tls(settings))
    client = smtplib.SMTP(host, port, _NAME, timeout=settings.timeout_s)
    try:
        if settings.tls == "starttls":
            client.starttls(context=_tls(settings))
    except BaseException:
        client.close()
        raise
    return client


def _tls(settings: SmtpSettings) -> ssl.SSLContext:
    try:
        return trusting(settings.ca_file)
    except PathUnreadable as error:
        raise NotSent(str(error)) from None


def _leave(client: smtplib.SMTP) -> None:
    with suppress(smtplib.SMTPException, OSError):
        client.quit()


def _said(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_text(error.smtp_error)}"


def _text(said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return cut(" ".join(words.split()), 300)
