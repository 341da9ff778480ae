"""`mailbridge check`: the configuration; with --connect also mailboxes, ledger and every sink, by reading only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, JsonOption, json_text, open_ledger, settings_of
from mailbridge.sdk.errors import MailbridgeError, NotWritten
from mailbridge.sdk.output import terminal_text

if TYPE_CHECKING:
    from mailbridge.config import Settings
    from mailbridge.mailbox.smtp import SmtpSettings
    from mailbridge.sdk import TokenStore

Finding = dict[str, Any]


def check(
    config: ConfigOption = CONFIG,
    connect: Annotated[bool, typer.Option("--connect", help="Also log in everywhere, by reading only.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the configuration and tell all its problems at once."""
    from mailbridge.config.load import require_mailboxes

    settings = settings_of(config)
    require_mailboxes(settings, config)
    findings = [_fine("configuration", f"{config}: fine; {_named(settings)}")]
    findings += _targets(settings)
    findings += list(_connected(settings) if connect else _ledger_here(settings))
    for finding in findings:
        _show(finding, as_json=as_json)
    code = max((finding["exit_code"] for finding in findings), default=0)
    if code:
        raise typer.Exit(code)


def _targets(settings: "Settings") -> list[Finding]:
    """Tell of alert targets that nobody can send to; nothing is sent."""
    if not settings.alerts.urls:
        return []
    from mailbridge.observe.notifying import problem, shown

    urls = [url.get_secret_value() for url in settings.alerts.urls]
    wrong = [(shown(url), why) for url in urls if (why := problem(url))]
    return [{"what": f"alerts {target}", "ok": False, "about": why, "exit_code": 78} for target, why in wrong]


def _named(settings: "Settings") -> str:
    """What it sets up; without a sink everything is read and nothing goes anywhere, which is seldom meant."""
    sinks = f"sinks: {', '.join(settings.sinks)}" if settings.sinks else "no sink: interests stay in the ledger"
    return f"mailboxes: {', '.join(settings.mailboxes)}; {sinks}"


def _ledger_here(settings: "Settings") -> Iterator[Finding]:
    """Tell what is wrong with the place of a ledger in a file; no error, for this may not be where the daemon runs."""
    if settings.ledger.url.startswith("sqlite:"):
        found = _tried("ledger", lambda: _ledger(settings))
        if not found["ok"]:
            yield _fine("ledger", f"can't be used here now: {found['about']}")


def _connected(settings: "Settings") -> Iterator[Finding]:
    yield _tried("ledger", lambda: _ledger(settings))
    yield from (mailbox_finding(name, settings) for name in settings.mailboxes)
    yield from (sink_finding(name, settings) for name in settings.sinks)
    yield from mail_server_findings(settings)


def mailbox_finding(name: str, settings: "Settings") -> Finding:
    """Return what a log-in at a mailbox says."""
    return _tried(f"mailbox {name}", partial(_mailbox, name, settings))


def sink_finding(name: str, settings: "Settings") -> Finding:
    """Return what a sink says of its account."""
    return _tried(f"sink {name}", partial(_sink, name, settings))


def mail_server_findings(settings: "Settings") -> Iterator[Finding]:
    """Yield what log-ins say at the servers that send mails for us; none is sent."""
    for what, server in (("canary", settings.canary), ("report_mail", settings.report_mail)):
        if server is not None:
            yield _tried(what, partial(_mail_server, server))


def _ledger(settings: "Settings") -> str:
    from mailbridge.ledger.engine import look_at
    from mailbridge.ledger.errors import LedgerFull
    from mailbridge.ledger.space import space_of

    ledger = settings.ledger
    found = look_at(ledger.url)
    if lack := space_of(ledger.url, ledger.min_free_bytes, ledger.reserve_bytes).shortage():
        raise LedgerFull(f"{found}; {lack}")
    return found


def _mailbox(name: str, settings: "Settings") -> str:
    from mailbridge.mailbox.opening import open_mailbox, token_owner

    mailbox = settings.mailboxes[name]
    with _kept_tokens(settings, renewed=bool(getattr(mailbox, "oauth_token_url", None))) as tokens:
        opened = open_mailbox(name, mailbox, tokens=tokens and tokens(token_owner(name)))
        try:
            return opened.check()
        finally:
            opened.close()


@contextmanager
def _kept_tokens(settings: "Settings", *, renewed: bool) -> "Iterator[Callable[[str], TokenStore] | None]":
    """Lend the ledger's tokens where there is a ledger: a refresh token may be good for one use only."""
    from mailbridge.ledger.engine import is_made

    if not renewed or not is_made(settings.ledger.url):
        yield None
        return
    with open_ledger(settings) as ledger:
        yield ledger.tokens


def _mail_server(server: "SmtpSettings") -> str:
    from mailbridge.mailbox.smtp import send

    send(server, None)
    return f"{server.host}:{server.effective_port} lets us in"


def _sink(name: str, settings: "Settings") -> str:
    from mailbridge.registry import sink_type
    from mailbridge.sdk import NoTokens, Unusable

    table = settings.sinks[name]
    kind, account = sink_type(table.type), table.account_id or name
    renewed = any(getattr(table, name, None) for name in ("refresh_token", "client_id"))
    with _kept_tokens(settings, renewed=renewed) as tokens:
        sink = kind(table, tokens=tokens(account) if tokens else NoTokens(), transport=None)
        try:
            sink.check()
            strangers = _strangers(sink, table)
            told = [f"{kind.manifest.title}: account {account} can work", *getattr(sink, "remarks", tuple)()]
        finally:
            sink.close()
    if strangers:
        raise Unusable(f"assign names {', '.join(strangers)}: no active users of {kind.manifest.title}; see its users")
    return "; ".join(told)


def _strangers(sink: Any, table: Any) -> list[str]:
    """Return the people of `assign` to whom the CRM would give nothing."""
    from mailbridge.sdk import CountsOpen

    if table.assign is None or not isinstance(sink, CountsOpen):
        return []
    people = sorted(table.assign.people())
    there = sink.open_counts(people) if people else {}
    return [user for user in people if user not in there]


def _tried(what: str, attempt: Callable[[], str]) -> Finding:
    try:
        return _fine(what, attempt())
    except NotWritten as error:
        return {"what": what, "ok": False, "about": str(error), "exit_code": 69}
    except MailbridgeError as error:
        return {"what": what, "ok": False, "about": str(error), "exit_code": int(getattr(error, "exit_code", 77))}


def _fine(what: str, about: str) -> Finding:
    return {"what": what, "ok": True, "about": about, "exit_code": 0}


def _show(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        print(json_text(finding))
        return
    print(f"{'ok  ' if finding['ok'] else 'FAIL'} {terminal_text(finding['what'])}: {terminal_text(finding['about'])}")
