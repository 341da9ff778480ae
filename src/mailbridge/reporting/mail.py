"""The report as a mail: its numbers as text, the page attached."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from mailbridge.reporting.report import Report
from mailbridge.reporting.words import TITLES, Words
from mailbridge.sdk.output import terminal_line
from mailbridge.sdk.translations import Language, translated

MOST = 5
"""So many rows of a dimension stand in the text."""


def report_mail(
    report: Report, page: str, language: Language, *, sender: str, recipient: str, name: str, key: str, now: datetime
) -> EmailMessage:
    """Return the mail to one recipient: others do not see who else gets it.

    Args:
        report: What is told.
        page: The same as a page, attached.
        language: In which.
        sender: Address that it comes from.
        recipient: Address.
        name: How messages name this installation.
        key: Names the period; with the recipient it makes the Message-ID, so that a mail server knows a second one.
        now: When it is sent.
    """
    words = Words(language)
    mail = EmailMessage()
    subject = translated("report", "Report: {period}", language).format(period=words.period(report))
    mail["Subject"] = terminal_line(f"{name}: {subject}")
    mail["From"] = sender
    mail["To"] = recipient
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = _message_id(key, sender, recipient)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    mail.set_content("\n".join(summary(report, words)), cte="quoted-printable")
    filename = f"report-{report.period.since:%Y-%m-%d}.html"
    mail.add_attachment(page.encode(), maintype="text", subtype="html", filename=filename, params={"charset": "utf-8"})
    return mail


def summary(report: Report, words: Words) -> Iterator[str]:
    """Yield the lines of the text."""
    yield f"{words.title()}: {words.period(report)}"
    yield ""
    if not report.total.interests:
        yield words.empty()
    else:
        for heading, cell in zip(words.headings(report), words.cells(report, report.total), strict=True):
            yield f"{heading}: {cell}"
        for dimension in ("network", "kind", "responsible"):
            yield ""
            yield f"{words(TITLES[dimension])}:"
            for group in report.groups[dimension][:MOST]:
                name = words.name(dimension, group, report.others[dimension])
                yield f"- {name}: {words.number(group.interests)} ({words.percent(report.share(group))})"
        yield ""
        yield words.people(report)
    yield ""
    yield words.compared(report)
    yield translated("report", "The whole report is in the attached page.", words.language)


def _message_id(key: str, sender: str, recipient: str) -> str:
    digest = hashlib.sha256(f"{key}\0{recipient}".encode()).hexdigest()[:32]
    domain = parseaddr(sender)[1].rpartition("@")[2]
    return f"<report.{digest}@{domain}>"
