"""Mails the report of the day, week or month that has ended: once to each recipient, by one node of several."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from mailbridge.config.settings import Settings
from mailbridge.ledger.ledger import Ledger
from mailbridge.mailbox.smtp import NotSent, SmtpSettings, send
from mailbridge.observe.events import log
from mailbridge.reporting.mail import report_mail
from mailbridge.reporting.page import as_html
from mailbridge.reporting.periods import Period, last_whole, midnight
from mailbridge.reporting.report import Report, make_report
from mailbridge.sdk.secrets import masked

FIRST_WAIT_S = 60.0
LONGEST_WAIT_S = 3600.0

Send = Callable[[SmtpSettings, EmailMessage | None], None]
"""Hands a mail over; raises NotSent."""


class ReportMailer:
    """Sends what is due.

    Args:
        ledger: The ledger.
        settings: With `[report_mail]`.
        send: Hands a mail over.
        clock: Unix seconds.
    """

    def __init__(
        self, ledger: Ledger, settings: Settings, *, send: Send = send, clock: Callable[[], float] = time.time
    ) -> None:
        if settings.report_mail is None:
            raise ValueError("no report is mailed")
        self._ledger = ledger
        self._settings = settings
        self._mail = settings.report_mail
        self._zone = ZoneInfo(settings.watch.timezone)
        self._send = send
        self._clock = clock

    def cycle(self) -> int:
        """Send what is due; return how many mails were taken.

        Raises:
            LedgerUnavailable: It is not known what is due, or how it ended.
        """
        now = datetime.fromtimestamp(self._clock(), self._zone)
        period = last_whole(self._mail.every, now)
        due = due_at(period, self._mail.at)
        if now < due or self._ledger.mailings.made_at() > due.timestamp():
            return 0
        key = f"{self._mail.every} {period.since:%Y-%m-%d}"
        pending = self._ledger.mailings.pending(key, self._mail.to)
        if not pending or not self._ledger.mailings.hold():
            return 0
        write = _writer(self._settings, self._report(period), key, now)
        return sum(self._sent(key, one, write(one)) for one in pending)

    def _report(self, period: Period) -> Report:
        own, watch = self._settings.report, self._settings.watch
        return make_report(
            self._ledger.reports, period, watch.timezone, answer_s=watch.answer_s, top=own.top, names=own.names
        )

    def _sent(self, key: str, recipient: str, mail: EmailMessage) -> bool:
        mailings = self._ledger.mailings
        tries = mailings.begin(key, recipient)
        if not tries:
            return False
        try:
            self._send(self._mail, mail)
        except NotSent as error:
            why = masked(str(error))
            wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (tries - 1))
            mailings.end(key, recipient, "doubt" if error.perhaps else "waiting", why=why, wait_s=wait_s)
            log.warning("report_failed", period=key, error=why, perhaps=error.perhaps)
            return False
        mailings.end(key, recipient, "sent")
        log.info("report_sent", period=key)
        return True


def send_now(
    settings: Settings, report: Report, told: Callable[[str, NotSent | None], None], send: Send = send
) -> None:
    """Send a report to everybody because a person asks for it: none that is due counts as sent by it.

    Args:
        settings: With `[report_mail]`.
        report: What is sent.
        told: Hears how it went with each recipient.
        send: Hands a mail over.
    """
    if settings.report_mail is None:
        return
    write = _writer(settings, report, f"asked for {report.made_at.isoformat()}", report.made_at)
    for recipient in settings.report_mail.to:
        try:
            send(settings.report_mail, write(recipient))
        except NotSent as error:
            told(recipient, error)
        else:
            told(recipient, None)


def _writer(settings: Settings, report: Report, key: str, now: datetime) -> Callable[[str], EmailMessage]:
    """Return what writes the mail to a recipient; the page is drawn once."""
    language = settings.report.language or settings.alerts.language
    sender = settings.report_mail.origin if settings.report_mail else ""
    page, name = as_html(report, language), settings.alerts.name

    def write(recipient: str) -> EmailMessage:
        return report_mail(report, page, language, sender=sender, recipient=recipient, name=name, key=key, now=now)

    return write


def due_at(period: Period, at: str) -> datetime:
    """Return when the report of a period is mailed: at that time of the day after its last one."""
    hour, minute = map(int, at.split(":"))
    day = midnight(period.last_day + timedelta(days=1), period.since.tzinfo)
    return day.replace(hour=hour, minute=minute)
