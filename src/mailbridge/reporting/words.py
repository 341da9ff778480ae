"""All words of reports, in Russian and English; see `sdk.translations`."""

from collections.abc import Sequence
from datetime import date, datetime

from mailbridge.ledger.report_facts import Dimension
from mailbridge.ledger.reports import Group
from mailbridge.reporting.report import Report, change
from mailbridge.sdk.card_words import card_word
from mailbridge.sdk.output import terminal_line
from mailbridge.sdk.translations import Language, counted, noted, translated

TITLES: dict[Dimension, str] = {
    "channel": noted("report", "Type of source"),
    "network": noted("report", "Network"),
    "source": noted("report", "Place"),
    "kind": noted("report", "Action"),
    "product": noted("report", "Product"),
    "responsible": noted("report", "Responsible"),
}
COLUMNS = {
    "interests": noted("report", "Interests"),
    "share": noted("report", "Share"),
    "change": noted("report", "Change"),
    "answered": noted("report", "Answered"),
    "waiting": noted("report", "Waiting"),
    "overdue": noted("report", "Overdue"),
    "unknown": noted("report", "Not known"),
    "late": noted("report", "Late"),
    "p50_s": noted("report", "Median"),
    "p95_s": noted("report", "95 %"),
}
"""Column → its title."""

SHORT = {
    "interests": noted("report", "Int."),
    "change": noted("report", "Chg."),
    "answered": noted("report", "Answ."),
    "waiting": noted("report", "Wait"),
    "overdue": noted("report", "Over."),
    "unknown": noted("report", "Unkn."),
    "p50_s": noted("report", "Med."),
}
"""Column → its title where there is little room."""

WEEKDAYS = (
    noted("report", "Mon"),
    noted("report", "Tue"),
    noted("report", "Wed"),
    noted("report", "Thu"),
    noted("report", "Fri"),
    noted("report", "Sat"),
    noted("report", "Sun"),
)
_NAMELESS: dict[Dimension, str] = {
    "source": noted("report", "no place named"),
    "product": noted("report", "no product named"),
    "responsible": noted("report", "nobody yet"),
}
ALL = noted("report", "All")
WEEKDAY = noted("report", "Weekday")
HOUR = noted("report", "Hour")
NETWORKS = noted("report", "Networks")
REPEAT_AUTHORS = noted("report", "Repeat authors")
NO_ROOM = noted("report", "No room for: {columns}. A wider terminal, --html and --csv have it.")
NO_HOUR = noted("report", "Of {count} only the day is known.")

LONGEST_NAME = 80
"""Names are cut after so many letters; JSON and CSV have them whole."""


class Words:
    """Says the parts of a report in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, message: str, **values: object) -> str:
        """Return a message that was noted under "report", with its values."""
        return translated("report", message, self.language).format(**values)

    def title(self) -> str:
        """Return what a report is called."""
        return translated("report", "Interests", self.language)

    def period(self, report: Report) -> str:
        """Return from when to when it is."""
        first, last = self.day(report.period.since.date()), self.day(report.period.last_day)
        return first if first == last else f"{first} – {last}"

    def compared(self, report: Report) -> str:
        """Return what it is compared with, and whose clocks count."""
        period = report.period
        text = translated("report", "Compared with {since} – {until}. Time zone: {timezone}.", self.language)
        until = self.moment(period.before_until)
        return text.format(since=self.moment(period.before_since), until=until, timezone=report.timezone)

    def made(self, report: Report) -> str:
        """Return when it was counted."""
        return translated("report", "Counted {moment}.", self.language).format(moment=self.moment(report.made_at))

    def deadline(self, report: Report) -> str:
        """Return when an interest counts as overdue."""
        if report.answer_s is None:
            return translated("report", "No deadline is set for answers, so nothing is overdue.", self.language)
        text = translated("report", "An interest should be answered within {time} of its delivery.", self.language)
        return text.format(time=self.wait(report.answer_s))

    def people(self, report: Report) -> str:
        """Return how many people came back."""
        people = report.people
        several = counted(
            "report", "{count} person wrote more than once", "{count} people wrote more than once", people.repeat,
            self.language,
        )  # fmt: skip
        theirs = counted("report", "{count} interest", "{count} interests", people.interests, self.language)
        of = counted("report", "of {count} known", "of {count} known", people.known, self.language)
        return f"{several} ({of}): {theirs}."

    def empty(self) -> str:
        """Return that there is nothing to tell."""
        return translated("report", "There were no interests in this period.", self.language)

    def by_hour(self) -> str:
        """Return the title of the hours."""
        return translated("report", "By hour of the day", self.language)

    def by_weekday(self) -> str:
        """Return the title of the weekdays."""
        return translated("report", "By weekday", self.language)

    def no_hour(self, report: Report) -> str:
        """Return how many have no hour."""
        return self(NO_HOUR, count=self.number(report.no_hour))

    def repeat_authors(self) -> str:
        """Return the title of those who came back."""
        return self(REPEAT_AUTHORS)

    def networks(self) -> str:
        """Return the title of the number of networks."""
        return self(NETWORKS)

    def about_unknown(self) -> str:
        """Return what is not known."""
        return translated("report", "Not known: no CRM tells what became of these.", self.language)

    def name(self, dimension: Dimension, group: Group, others: int) -> str:
        """Return what a row is called: one line, cut, nothing that a terminal obeys."""
        if group.name is None:
            return counted("report", "{count} other", "{count} others", others, self.language)
        if not group.name:
            return self(_NAMELESS.get(dimension, "")) if dimension in _NAMELESS else "–"
        return terminal_line(self._known(dimension, group.name), LONGEST_NAME)

    def _known(self, dimension: Dimension, name: str) -> str:
        if dimension in {"source", "product", "responsible"}:
            return name
        try:
            return card_word(dimension, name, self.language)  # type: ignore[arg-type]  # the rest are its tables
        except KeyError:
            return name

    def left_out(self, names: Sequence[str]) -> str:
        """Return which columns had no room."""
        return self(NO_ROOM, columns=", ".join(self(COLUMNS[name]).lower() for name in names))

    def cells(self, report: Report, group: Group, wanted: Sequence[str] | None = None) -> list[str]:
        """Return the values of a row, in the order of `columns` or of those that are wanted."""
        values = {
            "interests": self.number(group.interests),
            "share": self.percent(report.share(group)),
            "change": self.change(group),
            **{
                name: self.number(getattr(group, name))
                for name in ("answered", "waiting", "overdue", "unknown", "late")
            },
            "p50_s": self.wait(group.p50_s),
            "p95_s": self.wait(group.p95_s),
        }
        return [values[name] for name in (columns(report) if wanted is None else wanted)]

    def headings(self, report: Report) -> list[str]:
        """Return the titles of `columns`."""
        return [self(COLUMNS[name]) for name in columns(report)]

    def number(self, value: int) -> str:
        """Return a number as people write it: thousands apart."""
        return f"{value:,}".replace(",", "\u202f" if self.language == "ru" else ",")

    def percent(self, part: float) -> str:
        """Return a share."""
        return self._decimal(f"{part * 100:.1f}") + " %"

    def change(self, group: Group) -> str:
        """Return how it compares with the period before."""
        part = change(group)
        if part is None:
            return translated("report", "new", self.language) if group.interests else "–"
        return f"{part * 100:+.0f} %".replace("-", "\u2212") if round(part * 100) else "0 %"

    def wait(self, seconds: float | None) -> str:
        """Return a time span: "3 d 4 h", "2 h 5 min", "45 s"."""
        if seconds is None:
            return "–"
        minutes = round(seconds / 60)
        if seconds < 60:
            return translated("report", "{seconds} s", self.language).format(seconds=int(seconds))
        if minutes < 60:
            return translated("report", "{minutes} min", self.language).format(minutes=minutes)
        if minutes < 24 * 60:
            text = translated("report", "{hours} h {minutes} min", self.language)
            return text.format(hours=minutes // 60, minutes=minutes % 60)
        text = translated("report", "{days} d {hours} h", self.language)
        return text.format(days=minutes // 1440, hours=minutes % 1440 // 60)

    def day(self, day: date) -> str:
        """Return a date as people write it."""
        return day.strftime("%d.%m.%Y") if self.language == "ru" else day.isoformat()

    def moment(self, moment: datetime) -> str:
        """Return a date and a time as people write them."""
        return f"{self.day(moment.date())} {moment:%H:%M}"

    def _decimal(self, text: str) -> str:
        return text.replace(".", ",") if self.language == "ru" else text


def columns(report: Report) -> Sequence[str]:
    """Return which columns say something: without a deadline nothing is late or overdue."""
    never = {"overdue", "late"} if report.answer_s is None else set()
    if not report.total.unknown:
        never.add("unknown")
    return [name for name in COLUMNS if name not in never]
