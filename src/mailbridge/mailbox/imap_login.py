"""From a host name to a logged-in connection."""

import imaplib

from imap_tools import BaseMailBox
from imap_tools.errors import UnexpectedCommandStatusError

from mailbridge.mailbox.imap_errors import Account
from mailbridge.mailbox.imap_wire import Wire
from mailbridge.mailbox.oauth import access_token, sasl_xoauth2
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.mailbox.tls import trusting
from mailbridge.ports import MailboxRefused, MailboxUnreachable


class Tools(BaseMailBox):
    """imap_tools over our own connection. Of it only log-in and folders are used.

    Its fetch, flag, move and delete are not: they mark, mix up answers, and send a plain EXPUNGE.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self.wire


def log_in(account: Account) -> Tools:
    """Connect and log in.

    Raises:
        MailboxError: No connection, no trust, or no log-in.
    """
    with account.explaining():
        wire = _connected(account.settings)
        try:
            _refuse_preauth(wire, account)
            tools = Tools(wire)
            _authenticate(tools, account)
            wire.refresh_capabilities()
        except BaseException:
            wire.shutdown()
            raise
        return tools


def _connected(settings: ImapSettings) -> Wire:
    context = trusting(settings.ca_file) if settings.tls != "none" else None
    implicit = context if settings.tls == "implicit" else None
    wire = Wire(settings.host.strip("[]"), settings.effective_port, timeout_s=settings.timeout_s, tls=implicit)
    if context is None or implicit is not None or wire.state == "AUTH":
        return wire
    try:
        wire.start_tls(context)
    except BaseException:
        wire.shutdown()
        raise
    return wire


def _refuse_preauth(wire: Wire, account: Account) -> None:
    if wire.state == "AUTH":
        raise MailboxUnreachable(
            f"{account.label}: the server greets as already logged in (PREAUTH); refused, because somebody in between "
            "may have put that greeting there to prevent encryption"
        )


def _authenticate(tools: Tools, account: Account) -> None:
    try:
        if account.settings.auth == "xoauth2":
            _with_token(tools, account)
        else:
            _with_password(tools, account)
    except (imaplib.IMAP4.error, UnexpectedCommandStatusError) as error:
        raise account.of_login(error) from None


def _with_password(tools: Tools, account: Account) -> None:
    """LOGIN, which every server knows; AUTHENTICATE PLAIN where LOGIN is switched off or can't carry the letters."""
    if account.settings.password is None:
        raise MailboxRefused(f"{account.label}: no password is set")
    username, password = account.settings.username, account.settings.password.get_secret_value()
    account.secrets.add(password)
    if "LOGINDISABLED" not in tools.wire.capabilities and (username + password).isascii():
        tools.login(username, password, initial_folder=None)
    else:
        tools.login_utf8(username, password, initial_folder=None)


def _with_token(tools: Tools, account: Account) -> None:
    """A token that is refused before its time, such as a withdrawn one, is renewed once where that can be done here."""
    token = access_token(account.settings, account.tokens)
    try:
        _answer_with(token, tools, account)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        if account.settings.oauth_token_url is None:
            raise
        _answer_with(access_token(account.settings, account.tokens, refused=token), tools, account)


def _answer_with(token: str, tools: Tools, account: Account) -> None:
    """A refused token is answered by a challenge, which wants an empty answer before the NO comes."""
    account.secrets.add(token)
    answers = iter([sasl_xoauth2(account.settings.username, token)])
    tools.wire.authenticate("XOAUTH2", lambda _: next(answers, b""))
