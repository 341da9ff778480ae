"""`mailbridge init`: asks, tries by reading only, shows what is in the mailbox, writes a configuration."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbridge.cli.common import CONFIG, UsageProblem, tell
from mailbridge.cli.init_answers import MAILBOX
from mailbridge.sdk.errors import MailbridgeError
from mailbridge.sdk.output import terminal_text

if TYPE_CHECKING:
    from mailbridge.cli.check import Finding
    from mailbridge.cli.init_answers import Answers, Person
    from mailbridge.cli.init_files import Draft
    from mailbridge.config import Settings

LOOK_BACK_DAYS = 30
REFUSED = 77
SAMPLE = 300
"""So many of the newest mails are read to show what is there."""


def init(
    config: Annotated[
        Path, typer.Option("-c", "--config", metavar="FILE", help="The file that is written.", show_default=True)
    ] = CONFIG,
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Log-in name of the mailbox.")] = None,
    host: Annotated[str | None, typer.Option(help="IMAP server; known providers need none.")] = None,
    password_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Holds the mailbox's password.")] = None,
    sink: Annotated[str | None, typer.Option(metavar="TYPE", help="Kind of CRM, or none; see plugins.")] = None,
    url: Annotated[str | None, typer.Option(help="Address of the CRM account.")] = None,
    token_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Holds the CRM's token.")] = None,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML: tables mailbox, sink and ledger with any of their keys."),
    ] = None,
    non_interactive: Annotated[bool, typer.Option("--non-interactive", help="Ask nothing.")] = False,
    connect: Annotated[bool, typer.Option("--connect/--no-connect", help="Try mailbox and CRM, by reading.")] = True,
) -> None:
    """Ask for mailbox and CRM, try both by reading only, show what is in the mailbox, write a configuration.

    Only mails that arrive from now on will be delivered; `mailbridge run --backfill` delivers older ones.
    """
    from mailbridge.cli.init_answers import Person, answers_of, is_person_there
    from mailbridge.cli.init_files import draft

    flags = {
        "mailbox": {"username": email, "host": host, "password_file": _absolute(password_file)},
        "sink": {"type": sink, "url": url, "token_file": _absolute(token_file)},
    }
    given = answers_of(answers, flags)
    if not non_interactive and not is_person_there():
        raise UsageProblem("nobody is there to be asked: give flags or --answers, with --non-interactive")
    now = datetime.now().astimezone().replace(microsecond=0)
    if given.mailbox.get("type") != "mbox":  # its mails carry no time
        given.mailbox.setdefault("since", now)
    given.ledger.setdefault("url", "sqlite:///mailbridge.db")
    with draft(config) as work:
        settings = _settled(given, work, None if non_interactive else Person(), connect=connect)
        if connect and not needs_consent(settings):
            _show_mailbox(settings, now)
        work.keep()
    _make_ledger(settings)
    _tell_next(config, settings, work.secrets, now)


class Failed(MailbridgeError):  # noqa: N818 - says what is known
    """Mailbox or CRM can't be read with these answers.

    Attributes:
        exit_code: By what is wrong.
    """

    def __init__(self, about: str, found: "Finding") -> None:
        super().__init__(about)
        self.exit_code = found["exit_code"]


def needs_consent(settings: "Settings") -> bool:
    """Whether a person has to log in before the mailbox can be read."""
    box = settings.mailboxes[MAILBOX]
    return box.type == "imap" and box.waits_for_consent


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _settled(given: "Answers", work: "Draft", person: "Person | None", *, connect: bool) -> "Settings":
    """Return settings with which mailbox and CRM can be read; a person may correct what does not work."""
    from mailbridge.cli.init_answers import with_guesses

    if person:
        person.mailbox(given)
    whole, given.sink = given.sink, {}
    with_guesses(given)
    _until_it_works(given, work, person.again if person else None, connect=connect)
    given.sink = whole
    if person:
        person.sink(given)
    return _until_it_works(given, work, person.sink_again if person else None, connect=connect)


def _until_it_works(
    given: "Answers", work: "Draft", again: "Callable[[Answers], bool] | None", *, connect: bool
) -> "Settings":
    """Write the answers and try them; a person is asked again until they work, or are wanted all the same."""
    while True:
        try:
            settings = work.write(given)
            if connect:
                _try(settings, given)
        except MailbridgeError as error:
            if again is None or isinstance(error, UsageProblem):
                raise
            tell(f"{error}\n")
            connect = again(given)
        else:
            return settings


def _try(settings: "Settings", given: "Answers") -> None:
    """Look at the mailbox, or at the CRM once there is one, and say what is there.

    Raises:
        Failed: Says what is wrong.
    """
    from mailbridge.cli.check import mailbox_finding, sink_finding

    name = next(iter(settings.sinks), None)
    if given.sink:
        found = sink_finding(name, settings) if name else None
    else:
        found = None if needs_consent(settings) else mailbox_finding(MAILBOX, settings)
    if found is not None and not found["ok"]:
        refused, provider = found["exit_code"] == REFUSED and not given.sink, given.provider
        raise Failed(found["about"] + (f". {provider.title}: {provider.hint}" if refused and provider else ""), found)
    if found is not None:
        print(f"ok   {terminal_text(found['what'])}: {terminal_text(found['about'])}")


def _show_mailbox(settings: "Settings", now: datetime) -> None:
    """Read the newest mails and say what they hold; nothing is marked, stored or sent."""
    from mailbridge.app import make_crew, receivers
    from mailbridge.cli.progress import progress
    from mailbridge.cli.survey_text import survey_lines
    from mailbridge.mailbox.opening import open_mailbox
    from mailbridge.stations.replaying import Replayer
    from mailbridge.stations.surveying import Surveyor, newest

    box = settings.mailboxes[MAILBOX]
    since = None if box.type == "mbox" else now - timedelta(days=LOOK_BACK_DAYS)
    with ExitStack() as stack:
        crew = make_crew(settings)  # before any thread
        stack.callback(crew.close)
        mailbox = open_mailbox(MAILBOX, box.model_copy(update={"since": since}))
        stack.callback(mailbox.close)
        count, sample = newest(mailbox, since or datetime.fromtimestamp(0, UTC), SAMPLE)
        watch = stack.enter_context(progress("mails read", min(count, SAMPLE)))
        replayer = Replayer(crew, {}, receivers=receivers(settings), replays=None, workers=settings.run.workers or 1)
        found = Surveyor(replayer, {}, watch).survey([(mailbox, sample)])
    newer = f", the newest {SAMPLE} of them" if count > SAMPLE else ""
    print(f"what came in the last {LOOK_BACK_DAYS} days ({count:,} mails{newer}), read and left as it is:")
    for line in survey_lines(found):
        print(f"  {line}")


def _make_ledger(settings: "Settings") -> None:
    """Nothing was ever sent from here: what arrives need not be searched in the CRM before it is created."""
    from mailbridge.ledger.engine import is_made
    from mailbridge.ledger.ledger import Ledger

    if not is_made(settings.ledger.url):
        Ledger(settings.ledger.url, new=True, works=False).close()


def _tell_next(config: Path, settings: "Settings", secrets: list[Path], now: datetime) -> None:
    where = "" if config == CONFIG else f" -c {config}"
    print(f"written: {config}" + "".join(f", {path}" for path in secrets))
    print(f"only mails that arrive from now on ({now:%Y-%m-%d %H:%M}) will be delivered; older ones: run --backfill")
    print("next:")
    if needs_consent(settings):
        print(f"  mailbridge login {MAILBOX}{where}")
    print(f"  mailbridge check{where} --connect")
    print(f"  mailbridge run{where}")
    if not needs_consent(settings):
        print(f"  mailbridge health{where}")
