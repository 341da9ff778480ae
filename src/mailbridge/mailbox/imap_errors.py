"""Sorts what goes wrong with an IMAP server by what has to be done, in clear words."""

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from imap_tools.errors import UnexpectedCommandStatusError

from mailbridge.mailbox.settings import ImapSettings
from mailbridge.ports import MailboxError, MailboxRefused, MailboxUnreachable
from mailbridge.sdk import NoTokens, TokenStore, terminal_line

_FOR_GOOD = re.compile(
    r"\[(AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED|PRIVACYREQUIRED|CONTACTADMIN|NOPERM)\b", re.IGNORECASE
)
_FOR_NOW = re.compile(
    r"\[(UNAVAILABLE|LIMIT|INUSE|SERVERBUG|OVERQUOTA|THROTTLED)\b|too many|temporar|try again|unavailable|throttl"
    r"|rate.?limit|\bbusy\b|internal (server )?error|system error|time[d -]*out|not connected|simultaneous",
    re.IGNORECASE,
)
_TOO_OLD = {"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE"}
_NOT_CONNECTED = "user is authenticated but not connected"
_UNREADABLE = re.compile(
    r"unexpected (tagged )?(response|line|bytes)|unterminated line|literal of|(line|answer) is too long"
    r"|command error: BAD"
)


class AnswerUnreadable(MailboxUnreachable):
    """The server answered, but nothing that can be used; asking the same again will not help."""


@dataclass(slots=True)
class Account:
    """Names a mailbox in errors, and keeps its secrets out of them.

    Attributes:
        name: NAME of `[mailboxes.NAME]`.
        settings: Its settings.
        tokens: Where access tokens are kept that are renewed here.
        secrets: Words that must never be shown.
    """

    name: str
    settings: ImapSettings
    tokens: TokenStore = field(default_factory=NoTokens)
    secrets: set[str] = field(default_factory=set)

    @property
    def label(self) -> str:
        """How errors name it."""
        return f"mailbox {self.name} ({self.settings.host}:{self.settings.effective_port})"

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn whatever the libraries raise into a `MailboxError`.

        The original is not chained: texts of imaplib repeat what the server sent, which may be a part of a mail.
        """
        try:
            yield
        except MailboxError:
            raise
        except (imaplib.IMAP4.error, UnexpectedCommandStatusError, OSError, ValueError) as error:
            raise self.explained(error) from None

    def explained(self, error: Exception) -> MailboxError:
        """Return the error in clear words."""
        if isinstance(error, OSError):
            return MailboxUnreachable(f"{self.label}: {self._of_connection(error)}")
        if isinstance(error, UnicodeError):
            return AnswerUnreadable(f"{self.label}: host or an answer holds letters that can't stand there")
        if isinstance(error, imaplib.IMAP4.abort) and not _UNREADABLE.search(str(error)):
            return MailboxUnreachable(f"{self.label}: {self._of_end(str(error))}")
        said = answer_text(error)
        if _NOT_CONNECTED in said.casefold():
            return MailboxUnreachable(
                f"{self.label}: the server says {self.said(said)!r}: it throttles {self.settings.username}, "
                "or this log-in has no right to the mailbox"
            )
        if isinstance(error, UnexpectedCommandStatusError) or "command error: BAD" in said:
            kind = MailboxUnreachable if _FOR_NOW.search(said) else AnswerUnreadable
            return kind(f"{self.label}: the server refused a command: {self.said(said)}")
        return AnswerUnreadable(f"{self.label}: {_of_unreadable(said)}")

    def of_login(self, error: Exception) -> MailboxError:
        """Return why a log-in did not work."""
        said = answer_text(error)
        abort = isinstance(error, imaplib.IMAP4.abort | OSError)
        refused = _FOR_GOOD.search(said) or not (_FOR_NOW.search(said) or "command error: BAD" in said)
        if abort or not refused:
            return self.explained(error)
        who = self.settings.username
        return MailboxRefused(
            f"{self.label}: the server refused the log-in of {who}: {self.said(said).rstrip('.')}. {self._advice}"
        )

    @property
    def _advice(self) -> str:
        if self.settings.auth == "xoauth2":
            return "Check username, the scope of the access token, and that IMAP is switched on for this mailbox"
        return "Check username and password, that IMAP is switched on, and whether the provider wants an app password"

    def said(self, text: str) -> str:
        """Return words of the server fit for a log: one line, short, without secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return terminal_line(text, 200)

    def _of_connection(self, error: OSError) -> str:
        host, port = self.settings.host, self.settings.effective_port
        if isinstance(error, ssl.SSLCertVerificationError):
            return _of_certificate(error, host)
        if isinstance(error, ssl.SSLError):
            if error.reason not in _TOO_OLD:
                said = f"TLS failed ({error.reason or error}): is port {port} the one for tls = {self.settings.tls}?"
            else:
                said = "the server can only do TLS older than 1.2, which others can read; its operator must update it"
            return said
        if isinstance(error, socket.gaierror):
            return f"the name {host} can't be found ({error.strerror})"
        if isinstance(error, TimeoutError):
            return f"no answer within {self.settings.timeout_s:g} s"
        if isinstance(error, ConnectionRefusedError):
            return f"nothing listens on port {port}"
        return f"the connection broke ({error.strerror or type(error).__name__})"

    def _of_end(self, text: str) -> str:
        if "EOF" in text or "socket error" in text:
            return "the server closed the connection"
        return f"the server ended the connection: {self.said(text.rpartition(' => ')[2])}"


def answer_text(error: Exception) -> str:
    """Return what the server said in the answer that made an error."""
    if not isinstance(error, UnexpectedCommandStatusError):
        return str(error)
    data = error.command_result[1]
    return b" ".join(line for line in data if isinstance(line, bytes)).decode("utf-8", "replace")


def _of_unreadable(said: str) -> str:
    if "literal of" in said or "answer is too long" in said:
        return "the server sends more bytes than it was asked for"
    if "in clear after STARTTLS" in said:
        return "bytes in clear stood behind the answer to STARTTLS: somebody tampers with the connection"
    if "BYE" in said:
        return "the server turned the connection away"
    return "the server's answer can't be read"


def _of_certificate(error: ssl.SSLCertVerificationError, host: str) -> str:
    why = error.verify_message
    if error.verify_code == 10:
        return "the certificate of the server has expired; its operator must renew it"
    if "mismatch" in why.casefold():
        return f"the certificate of the server is not for {host}: use the name that the provider documents"
    return f"the certificate of the server is not trusted ({why}): for an own authority set ca_file"
