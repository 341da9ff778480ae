"""What a person sets for a mailbox: `[mailboxes.NAME]`."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from mailbridge.mailbox.files import MAX_MAIL_BYTES
from mailbridge.mailbox.receiving import checked_receiver, checked_server

_SINCE = "Mails that were received before this moment are not read; absent = all. With an offset (RFC 3339)."


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    since: AwareDatetime | None = Field(None, description=_SINCE)
    receiver: str | None = Field(
        None,
        description="Mail server whose Authentication-Results are believed: its name, or gmail, m365, mailru, yandex, "
        "fastmail, icloud, yahoo, rambler, gmx; absent or generic = the one that took the mail last.",
    )
    forwarders: tuple[str, ...] = Field(
        (),
        description="Domains or networks of your own servers that hand mails on to this mailbox and break their "
        "signatures: what they found is believed too. Name no service where anybody can have an account.",
        examples=[["mail.partner.example", "192.0.2.0/28"]],
    )
    poll_s: float = Field(60, gt=0, le=3600, description="Seconds between two looks, also where the server announces.")
    chunk_mails: int = Field(50, ge=1, le=1000, description="Most mails that are stored in one transaction.")
    chunk_bytes: int = Field(
        4 * 1024 * 1024, ge=1024, le=32 * 1024 * 1024, description="Most bytes that are stored in one transaction."
    )
    max_mail_bytes: int = Field(
        MAX_MAIL_BYTES, ge=65_536, description="Of a larger mail only the headers and the beginning are stored."
    )

    @field_validator("receiver")
    @classmethod
    def _is_a_receiver(cls, value: str | None) -> str | None:
        return None if value is None else checked_receiver(value)

    @field_validator("forwarders")
    @classmethod
    def _are_forwarders(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(checked_server, value))


class ImapSettings(_Settings):
    """A folder on an IMAP server."""

    type: Literal["imap"]
    host: str = Field(description="Name of the server, such as imap.example.org.")
    port: int | None = Field(None, ge=1, le=65535, description="Absent = 993 with implicit TLS, else 143.")
    tls: Literal["implicit", "starttls", "none"] = Field(
        "implicit", description="How the connection is encrypted; none only for a server on this machine."
    )
    ca_file: Path | None = Field(
        None, description="Certificates (PEM) that are trusted instead of those of the system, for an own authority."
    )
    username: str = Field(description="Log-in name, often the address of the mailbox.")
    password: SecretStr | None = Field(
        None, description="Password; many providers want one made for this program (app password)."
    )
    auth: Literal["password", "xoauth2"] = Field(
        "password", description="xoauth2: log in with an access token (Microsoft 365, Gmail, Yandex)."
    )
    token_path: Path | None = Field(
        None, description="xoauth2: file that holds the current access token; read before each connection."
    )
    token_command: tuple[str, ...] | None = Field(
        None, min_length=1, description="xoauth2: program and arguments; it prints the access token."
    )
    oauth_token_url: str | None = Field(
        None,
        description="xoauth2: address that gives access tokens; they are asked for before they expire.",
        examples=["https://login.microsoftonline.com/TENANT/oauth2/v2.0/token"],
    )
    oauth_device_url: str | None = Field(
        None,
        description="xoauth2 by oauth_token_url: a person logs in by `mailbridge login` with a code that this address "
        "gives (device code).",
        examples=["https://login.microsoftonline.com/TENANT/oauth2/v2.0/devicecode"],
    )
    oauth_authorize_url: str | None = Field(
        None,
        description="xoauth2 by oauth_token_url: a person logs in by `mailbridge login` at this address, in a browser.",
        examples=["https://accounts.google.com/o/oauth2/v2/auth"],
    )
    oauth_client_id: str | None = Field(
        None,
        description="xoauth2 by oauth_token_url: id of the registered program.",
        examples=["00000000-0000-0000-0000-000000000000"],
    )
    oauth_client_secret: SecretStr | None = Field(
        None,
        description="xoauth2 by oauth_token_url: its secret; enough alone where the program has the right.",
    )
    oauth_refresh_token: SecretStr | None = Field(
        None, description="xoauth2 by oauth_token_url: what a person's consent gave; newer ones are kept in the ledger."
    )
    oauth_scope: str | None = Field(
        None,
        description="xoauth2 by oauth_token_url: what the token is for, words separated by blanks.",
        examples=["https://outlook.office365.com/.default"],
    )
    folder: str = Field("INBOX", description="Folder that is read, as people see its name.")
    idle: bool = Field(True, description="Let the server announce new mail at once (IDLE), where it can.")
    timeout_s: float = Field(30, gt=0, le=600, description="Seconds without an answer after which a server is dead.")
    recheck_uids: int = Field(
        200, ge=0, le=10_000, description="How many of the last places are compared with the ledger at every look."
    )

    mark: Literal["nothing", "keyword", "move"] = Field(
        "nothing", description="What people see in the mailbox when a mail is done; the ledger needs no mark."
    )
    mark_keyword: str = Field(
        "$MailbridgeDone", pattern=r"^[$A-Za-z0-9_.-]{1,64}$", description="mark = keyword: the keyword it gets."
    )
    mark_folder: str | None = Field(None, description="mark = move: the folder it is moved to; make it first.")

    @field_validator("mark_folder")
    @classmethod
    def _folder_is_one_line(cls, value: str | None) -> str | None:
        if value is not None and (not value.strip() or has_controls(value)):
            raise ValueError("is empty or holds a control character")
        return value

    @model_validator(mode="after")
    def _has_a_folder_to_move_to(self) -> Self:
        if self.mark == "move" and self.mark_folder in {None, self.folder}:
            raise ValueError("mark = move needs mark_folder, another folder than the one that is read")
        return self

    @field_validator("host", "username", "folder")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        if has_controls(value):
            raise ValueError("holds a control character such as a line break")
        return value

    @field_validator("password", "oauth_client_secret", "oauth_refresh_token")
    @classmethod
    def _secret_is_one_line(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and has_controls(value.get_secret_value()):
            raise ValueError("holds a control character such as a line break")
        return value

    @model_validator(mode="after")
    def _is_encrypted(self) -> Self:
        if self.tls == "none" and not is_loopback(self.host):
            raise ValueError(
                f"tls = none would send the password in clear to {self.host}: use implicit or starttls; "
                "none is for a server on this machine"
            )
        return self

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        sources = (self.token_path, self.token_command, self.oauth_token_url)
        count = sum(source is not None for source in sources)
        if self.auth == "password" and (self.password is None or count):
            raise ValueError("auth = password needs password (or password_file), and no token")
        if self.auth == "xoauth2" and (self.password is not None or count != 1):
            raise ValueError(
                "auth = xoauth2 needs token_path, token_command or oauth_token_url, one of them, and no password"
            )
        return self

    @model_validator(mode="after")
    def _can_ask_for_tokens(self) -> Self:
        """Client credentials (RFC 6749 §4.4) need the secret; a refresh token (§6) and a log-in may do without."""
        names = ("client_id", "client_secret", "refresh_token", "scope", "device_url", "authorize_url")
        given = [f"oauth_{name}" for name in names if getattr(self, f"oauth_{name}") is not None]
        if self.oauth_token_url is None and given:
            raise ValueError(f"{given[0]} needs oauth_token_url")
        if self.oauth_token_url is None:
            return self
        ways = self.oauth_client_secret or self.oauth_refresh_token or self.consent_url
        if self.oauth_client_id is None or ways is None:
            raise ValueError(
                "oauth_token_url needs oauth_client_id, and oauth_client_secret (the program itself has the right), "
                "oauth_refresh_token (a person gave it), or oauth_device_url or oauth_authorize_url (a person logs in "
                "by `mailbridge login`); each secret may come from a file: …_file"
            )
        for name in ("token_url", "device_url", "authorize_url"):
            _require_https(f"oauth_{name}", getattr(self, f"oauth_{name}"))
        return self

    @property
    def consent_url(self) -> str | None:
        """Where a person logs in; None = nobody has to."""
        return self.oauth_device_url or self.oauth_authorize_url

    @property
    def waits_for_consent(self) -> bool:
        """Whether access tokens come only from a person's log-in, which the ledger remembers."""
        return self.consent_url is not None and self.oauth_refresh_token is None

    @property
    def effective_port(self) -> int:
        """The port, or the default of the kind of encryption (RFC 8314 §3.2, RFC 9051 §2.1)."""
        return self.port or (993 if self.tls == "implicit" else 143)


class DirectorySettings(_Settings):
    """A folder of files, each of them one mail."""

    type: Literal["directory"]
    path: Path = Field(description="Folder that is read recursively: *.eml *.msg *.raw; `since` goes by file time.")
    poll_s: float = Field(5, gt=0, le=3600, description="Seconds between two looks.")


class MaildirSettings(_Settings):
    """A Maildir, as mail servers write it."""

    type: Literal["maildir"]
    path: Path = Field(description="The folder with new and cur in it; `since` goes by file time.")
    poll_s: float = Field(5, gt=0, le=3600, description="Seconds between two looks.")


class MboxSettings(_Settings):
    """An mbox file; mails may be appended to it at any time."""

    type: Literal["mbox"]
    path: Path = Field(description="The file; it is read again when its size or time changes.")
    since: None = Field(None, description="Not for mbox: its mails carry no time that can be relied on.")
    poll_s: float = Field(5, gt=0, le=3600, description="Seconds between two looks.")


MailboxSettings = Annotated[
    ImapSettings | DirectorySettings | MaildirSettings | MboxSettings, Field(discriminator="type")
]


def has_controls(value: str) -> bool:
    """Return whether a text holds control characters, such as a line break."""
    return any(ord(char) < 32 or ord(char) == 127 for char in value)


def _require_https(name: str, url: str | None) -> None:
    parts = urlsplit(url or "https://nowhere")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))):
        raise ValueError(f"{name} is no https address")


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold().rstrip(".") == "localhost"
