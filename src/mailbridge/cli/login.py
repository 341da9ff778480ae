"""`mailbridge login`: a person lets the program into a mailbox or CRM; the ledger keeps what that gives, encrypted."""

import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, UsageProblem, settings_of, tell
from mailbridge.sdk.errors import MailbridgeError
from mailbridge.sdk.output import terminal_text

if TYPE_CHECKING:
    from mailbridge.mailbox.settings import ImapSettings
    from mailbridge.sdk import TokenStore


class LoginFailed(MailbridgeError):  # noqa: N818 - says what is known
    """A CRM did not take the code of a person's consent.

    Attributes:
        exit_code: By what is wrong.
    """

    def __init__(self, about: str, exit_code: int) -> None:
        super().__init__(about)
        self.exit_code = exit_code


def login(
    name: Annotated[str, typer.Argument(metavar="NAME", help="NAME of [mailboxes.NAME] or [sinks.NAME].")],
    config: ConfigOption = CONFIG,
) -> None:
    """Let a person log in at the provider of a mailbox or CRM; the tokens are kept, encrypted, in the ledger."""
    from mailbridge.cli.check import mailbox_finding, sink_finding
    from mailbridge.ledger.ledger import Ledger
    from mailbridge.mailbox.opening import token_owner

    settings = settings_of(config)
    is_mailbox = name in settings.mailboxes
    if not is_mailbox and name not in settings.sinks:
        there = ", ".join([*settings.mailboxes, *settings.sinks])
        raise UsageProblem(f"there is no mailbox and no sink {name!r}: one of {there}")
    # Made where it is missing: `run` finds the tokens in it.
    ledger = Ledger(settings.ledger.url, works=False, token_key=settings.ledger.key)
    try:
        if is_mailbox:
            _mailbox(settings.mailboxes[name], name, ledger.tokens(token_owner(name)))
        else:
            _sink(settings.sinks[name], name, ledger.tokens(settings.sinks[name].account_id or name))
    finally:
        ledger.close()
    found = mailbox_finding(name, settings) if is_mailbox else sink_finding(name, settings)
    print(f"{'ok  ' if found['ok'] else 'FAIL'} {terminal_text(found['what'])}: {terminal_text(found['about'])}")
    if not found["ok"]:
        raise typer.Exit(found["exit_code"])


def _mailbox(box: Any, name: str, tokens: "TokenStore") -> None:
    from mailbridge.mailbox.oauth_consent import await_device, begin_browser, begin_device, keep, redeem_visit

    if getattr(box, "consent_url", None) is None:
        raise UsageProblem(
            f"nobody has to log in for [mailboxes.{name}]: a log-in needs auth = xoauth2 and oauth_device_url, or "
            "oauth_authorize_url; see docs/mailbox.md"
        )
    settings: ImapSettings = box
    if settings.oauth_device_url is not None:
        code = begin_device(settings)
        tell(f"open {code.page} on any device, type {code.user_code}, and agree as {settings.username}")
        tell(f"waiting, {code.lasts_s / 60:.0f} minutes at most …")
        keep(settings, tokens, await_device(settings, code))
        return
    visit = begin_browser(settings)
    keep(settings, tokens, redeem_visit(settings, visit, _address_after(visit.page, settings.username)))


def _sink(table: Any, name: str, tokens: "TokenStore") -> None:
    from mailbridge.mailbox.oauth_consent import code_in
    from mailbridge.registry import sink_type
    from mailbridge.sdk import LogsIn, NotWritten, SinkError

    sink: Any = sink_type(table.type)(table, tokens=tokens, transport=None)
    state = secrets.token_urlsafe(16)
    try:
        page = sink.consent_page(state) if isinstance(sink, LogsIn) else None
        if page is None:
            raise UsageProblem(f"nobody has to log in for [sinks.{name}]: it has a token, or knows no log-in")
        sink.redeem(code_in(_address_after(page, "an administrator of the account"), state))
    except SinkError as error:
        raise LoginFailed(str(error), 69 if isinstance(error, NotWritten) else 77) from None
    finally:
        sink.close()


def _address_after(page: str, who: str) -> str:
    tell(f"open this page in a browser, as {who}, and agree:\n\n  {page}\n")
    tell("In the end the browser shows a page that perhaps can't be opened: copy its whole address.")
    if sys.stdin.isatty():
        return str(typer.prompt("Address", err=True))
    return sys.stdin.readline()
