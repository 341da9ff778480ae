"""Tells people what is wrong, once, and once when it is over. Nothing ever waits for a target."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from queue import Empty, SimpleQueue
from zoneinfo import ZoneInfo

from mailbridge.config.watching import AlertSettings
from mailbridge.ledger.alerts import Alert
from mailbridge.ledger.ledger import Ledger
from mailbridge.observe import metrics
from mailbridge.observe.alert_texts import KINDS, MORE, SINCE, TEST, WAS, seen
from mailbridge.observe.events import log
from mailbridge.observe.notifying import line, refusal, shown, target_id
from mailbridge.pipeline.backoff import reconnect_s
from mailbridge.pipeline.hours import is_within
from mailbridge.sdk.card import value_text
from mailbridge.sdk.translations import Language, counted, translated

STALE_S = 7 * 86_400.0
"""What could not be told for so long is told no more."""

MOST_TEXTS = 20
"""So many alerts are told whole in one message; of more there is only the number, and where they stand."""

Post = Callable[[str, str, str], str | None]
"""(target, title, text) → why it was not taken, None when it was."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one target is told of one alert; `over` = that it has ended."""

    alert: Alert
    over: bool


class AlertDesk:
    """Sends what the ledger holds. One node of several does: the one that holds the lease.

    Args:
        ledger: The ledger.
        settings: `[alerts]`.
        timezone: Where quiet hours are.
        post: Sends a message.
        clock: Unix seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: AlertSettings,
        *,
        timezone: str,
        post: Post = refusal,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._zone = ZoneInfo(timezone)
        self._post = post
        self._clock = clock
        self._targets = {target_id(url): url for url in (one.get_secret_value() for one in settings.urls)}
        self._failures: dict[str, tuple[int, float]] = {}
        self._unkept: dict[int, Alert] = {}
        self._at_once: SimpleQueue[tuple[str, str]] = SimpleQueue()

    def urgently(self, kind: str, about: str, over: bool) -> None:  # noqa: FBT001 - see `watching.Urgently`
        """Hear of what the ledger can't keep; told at the next cycle, whichever node holds the lease."""
        if kind in self._settings.off:
            return
        since = self._clock()
        alert = Alert(0, kind, "", about, since, since if over else None, False, frozenset(), frozenset())
        self._at_once.put(self._worded(Message(alert, over)))

    def cycle(self) -> int:
        """Tell every target what it does not know; return how many messages were taken.

        Raises:
            LedgerUnavailable: It is not known what to tell.
        """
        sent = self._tell_at_once()
        if not self._ledger.alerts.hold():
            return sent
        known = [self._remembered(one) for one in self._ledger.alerts.open()]
        for target, url in self._targets.items():
            pending = list(self._pending(known, target))
            if pending and self._may_try(target) and self._send(target, url, *self._summed(pending)):
                sent += 1
                known = [self._noted(one, target, pending) for one in known]
        for one in known:
            self._keep(one)
        return sent

    def _remembered(self, one: Alert) -> Alert:
        """Return it with the targets that know of it already, where the ledger could not be told so."""
        mine = self._unkept.get(one.row_id)
        return replace(one, told=one.told | mine.told, told_over=one.told_over | mine.told_over) if mine else one

    def _tell_at_once(self) -> int:
        sent = 0
        with suppress(Empty):
            while True:
                title, text = self._at_once.get_nowait()
                sent += sum(self._send(target, url, title, text) for target, url in self._targets.items())
        return sent

    def _pending(self, known: Sequence[Alert], target: str) -> Iterator[Message]:
        quiet = self._is_quiet()
        for one in known:
            held = quiet and one.kind not in self._settings.urgent
            if held or one.kind in self._settings.off or self._is_stale(one):
                continue
            if target not in one.told:
                yield Message(one, over=False)
            elif one.over_at is not None and target not in one.told_over:
                yield Message(one, over=True)

    def _is_stale(self, one: Alert) -> bool:
        """What lasts is worth telling however old it is."""
        ended_at = one.since if one.event else one.over_at
        return ended_at is not None and self._clock() - ended_at > STALE_S

    def _is_quiet(self) -> bool:
        quiet = self._settings.quiet
        return quiet is not None and is_within(quiet, datetime.fromtimestamp(self._clock(), self._zone))

    def _may_try(self, target: str) -> bool:
        return time.monotonic() >= self._failures.get(target, (0, 0.0))[1]

    def _send(self, target: str, url: str, title: str, text: str) -> bool:
        why = self._post(url, title, text)
        metrics.ALERTS.labels("failed" if why else "sent").inc()
        if why is None:
            self._failures.pop(target, None)
            return True
        count = self._failures.get(target, (0, 0.0))[0] + 1
        wait_s = reconnect_s(count, refused=False)
        self._failures[target] = (count, time.monotonic() + wait_s)
        log.warning("alert_failed", target=shown(url), error=why, retry_in_s=round(wait_s, 1))
        return False

    def _noted(self, one: Alert, target: str, pending: Sequence[Message]) -> Alert:
        told = next((message for message in pending if message.alert.row_id == one.row_id), None)
        if told is None:
            return one
        # What was over before it could be told is told as a whole.
        over = one.told_over | {target} if told.over or one.over_at is not None else one.told_over
        noted = self._unkept[one.row_id] = replace(one, told=one.told | {target}, told_over=over)
        return noted

    def _keep(self, one: Alert) -> None:
        """Write down who knows, where that has changed or nothing is left to do."""
        lasts = not one.event and one.over_at is None
        told_off = one.kind in self._settings.off or self._is_stale(one)
        knows = one.told_over if one.over_at is not None else one.told
        done = not lasts and (told_off or self._targets.keys() <= knows)
        if done or one.row_id in self._unkept:
            self._ledger.alerts.told(one, one.told, one.told_over, open=not done)
            self._unkept.pop(one.row_id, None)

    def _summed(self, pending: Sequence[Message]) -> tuple[str, str]:
        """Return one message; several things at once, as after quiet hours, are summed up."""
        if len(pending) == 1:
            return self._worded(pending[0])
        texts = ["\n".join(self._worded(one)) for one in pending[-MOST_TEXTS:]]
        if more := len(pending) - len(texts):
            texts.append(translated("alert", MORE, self._settings.language).format(count=more))
        title = counted("alert", "{count} message", "{count} messages", len(pending), self._settings.language)
        return f"{self._settings.name}: {title}", "\n\n".join(texts)

    def _worded(self, message: Message) -> tuple[str, str]:
        return worded(message.alert, self._settings, self._zone, over=message.over)


def worded(one: Alert, settings: AlertSettings, zone: tzinfo, *, over: bool) -> tuple[str, str]:
    """Return title and text: what is, since when, what to do, and where to read on."""
    words, language = KINDS[one.kind], settings.language

    def told(message: str, **values: str) -> str:
        return translated("alert", message, language).format(subject=one.subject, **values)

    since = _clock_words(one.since, zone, language)
    link = f"{settings.runbook}#{one.kind}"
    if over:
        return f"{settings.name}: {told(words.over)}", f"{told(WAS, since=since)}\n{link}"
    title = told(words.title)
    until = f" – {_clock_words(one.over_at, zone, language)}" if one.over_at else ""
    lines = [seen(line(one.about), language), told(SINCE, since=since + until)]
    if one.over_at is not None:
        title = f"{title} → {told(words.over)}"
    return f"{settings.name}: {title}", "\n".join([part for part in lines if part] + [told(words.deed), link])


def trial(settings: AlertSettings, now: float) -> tuple[str, str]:
    """Return what `mailbridge alert test` sends."""
    title, text = (translated("alert", message, settings.language) for message in TEST)
    return f"{settings.name}: {title}", f"{text}\n{_clock_words(now, UTC, settings.language)}"


def _clock_words(moment: float, zone: tzinfo, language: Language) -> str:
    return value_text(datetime.fromtimestamp(moment, zone), language)
