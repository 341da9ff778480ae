"""All words of alerts, by kind: what is wrong, and what to do. One entry of docs/runbook.md belongs to each kind.

Format strings: {subject} is whom it is about (a mailbox, a sink, a source). English stands here, see
`sdk.translations`; what was seen is kept in English in log and ledger, and found again here when it is told.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import cast

from mailbridge.sdk.card_words import WordTable, card_word
from mailbridge.sdk.translations import SOURCE_LANGUAGE, Language, noted, translated


@dataclass(frozen=True, slots=True)
class Text:
    """The words of one kind of alert.

    Attributes:
        title: What is wrong.
        deed: What to do.
        over: What is told when it is over; "" = it is an event and nothing is over.
    """

    title: str
    deed: str
    over: str = ""


KINDS: dict[str, Text] = {
    "daemon_silent": Text(
        noted("alert", "No daemon works"),
        noted("alert", "Start the service, or look into its log why it ended."),
        noted("alert", "It works again"),
    ),
    "mailbox_unsynced": Text(
        noted("alert", "Mailbox {subject} is not in sync"),
        noted(
            "alert",
            "Look at the reason: password, network, or the provider. "
            "Nothing is lost: mails are read when it is mended.",
        ),
        noted("alert", "Mailbox {subject} is in sync again"),
    ),
    "mailbox_behind": Text(
        noted("alert", "Mailbox {subject} shows mails that were not read"),
        noted("alert", "It connects anew by itself; if this stays, restart the service and run mailbridge audit."),
        noted("alert", "Mailbox {subject} has nothing unread any more"),
    ),
    "delivery_waits": Text(
        noted("alert", "Deliveries to {subject} wait too long"),
        noted("alert", "See why with: mailbridge deliveries list --sink {subject}"),
        noted("alert", "Nothing waits too long for {subject} any more"),
    ),
    "doubt_stuck": Text(
        noted("alert", "Deliveries to {subject} stay in doubt"),
        noted("alert", "The CRM can't be searched: see mailbridge deliveries list --state doubt"),
        noted("alert", "No delivery to {subject} stays in doubt any more"),
    ),
    "delivery_dead": Text(
        noted("alert", "The CRM refuses deliveries to {subject} for good"),
        noted("alert", "See mailbridge deliveries list --state dead; then retry, resolve or cancel them."),
        noted("alert", "No delivery to {subject} waits for a person any more"),
    ),
    "delivery_doubled": Text(
        noted("alert", "An interest is in the CRM twice: {subject}"),
        noted("alert", "Merge the objects in the CRM; mailbridge deliveries show names them."),
    ),
    "sink_unusable": Text(
        noted("alert", "The CRM of {subject} can't be used"),
        noted(
            "alert",
            "Mend the token, the right or the field that is named, then: mailbridge deliveries resume {subject}",
        ),
        noted("alert", "The CRM of {subject} can be used again"),
    ),
    "sink_down": Text(
        noted("alert", "The CRM of {subject} is away"),
        noted("alert", "Wait, or ask the CRM's support; deliveries go on by themselves."),
        noted("alert", "The CRM of {subject} is back"),
    ),
    "token_expiring": Text(
        noted("alert", "The token of {subject} ends soon"),
        noted("alert", "Make a new one and put it into the configuration."),
        noted("alert", "The token of {subject} is renewed"),
    ),
    "disk_low": Text(
        noted("alert", "The disk under the ledger is nearly full"),
        noted("alert", "Free some space; the work goes on by itself."),
        noted("alert", "There is room on the disk again"),
    ),
    "clock_wrong": Text(
        noted("alert", "The clock of this machine is wrong"),
        noted("alert", "Switch time synchronisation (NTP) on."),
        noted("alert", "The clock of this machine is right again"),
    ),
    "ledger_unusable": Text(
        noted("alert", "The ledger can't be used"),
        noted("alert", "See who locks it, or whether the database runs; everything waits and goes on by itself."),
        noted("alert", "The ledger can be used again"),
    ),
    "layout_changed": Text(
        noted("alert", "{subject} has changed its mails"),
        noted(
            "alert", "Look at one: mailbridge quarantine show; then mailbridge layouts accept, or take a newer parser."
        ),
        noted("alert", "Mails of {subject} are read again"),
    ),
    "quarantine_grows": Text(
        noted("alert", "Many mails go into quarantine"),
        noted("alert", "See the reasons with mailbridge quarantine list."),
        noted("alert", "The quarantine has stopped growing"),
    ),
    "source_silent": Text(
        noted("alert", "Nothing comes from {subject} any more"),
        noted(
            "alert", "Send a test through it, and look whether its notifications are still on and reach the mailbox."
        ),
        noted("alert", "{subject} brings something again"),
    ),
    "answer_late": Text(
        noted("alert", "Interests in {subject} are not answered in time"),
        noted("alert", "Somebody should answer them: mailbridge interests list shows which."),
        noted("alert", "All interests in {subject} are answered"),
    ),
    "complaint_arrived": Text(
        noted("alert", "Somebody complains: {subject}"), noted("alert", "Answer at once; the card is in the CRM.")
    ),
    "urgent_arrived": Text(
        noted("alert", "Something urgent has arrived: {subject}"),
        noted("alert", "Answer at once; the card is in the CRM."),
    ),
    "report_unsent": Text(
        noted("alert", "The report of {subject} was not sent to everybody"),
        noted(
            "alert",
            "What was refused is tried again by itself. Mend address or log-in in [report_mail]; what was perhaps "
            "sent is not sent again: ask, and send it with mailbridge report --mail.",
        ),
        noted("alert", "The report of {subject} was sent"),
    ),
    "canary_missing": Text(
        noted("alert", "Canary mails do not come through"),
        noted("alert", "Send a mail to the shared mailbox by hand and follow it; then: mailbridge canary"),
        noted("alert", "Canary mails come through again"),
    ),
    "recipes_refused": Text(
        noted("alert", "Recipes can't be used"),
        noted("alert", "Find the mistake with mailbridge recipes lint."),
        noted("alert", "The recipes are fine again"),
    ),
}
"""Kind → its words."""

SINCE = noted("alert", "Since {since}.")
WAS = noted("alert", "It began {since}.")
MORE = noted("alert", "… and {count} older ones: mailbridge alert list")
TEST = (
    noted("alert", "this is a test"),
    noted("alert", "Alerts reach you. Nothing is wrong and nothing has to be done."),
)

SEEN = (
    noted("seen", "none runs on this ledger"),
    noted("seen", "never in sync: {reason}"),
    noted("seen", "never in sync"),
    noted("seen", "proven in sync {seconds} s ago: {reason}"),
    noted("seen", "proven in sync {seconds} s ago"),
    noted("seen", "a second connection shows {count} that the ledger does not know"),
    noted("seen", "for {seconds} s: no answer"),
    noted("seen", "for {seconds} s: sent and not read"),
    noted("seen", "for {seconds} s: can't be sent: {reason}"),
    noted("seen", "for {seconds} s: {reason}"),
    noted("seen", "the oldest of {count} for {seconds} s"),
    noted("seen", "perhaps not sent to {count}"),
    noted("seen", "not sent to {count}: {reason}"),
    noted("seen", "{count} wait for a person"),
    noted("seen", "{count} not answered in time"),
    noted("seen", "{seconds} s ahead of {server}"),
    noted("seen", "{seconds} s behind {server}"),
    noted("seen", "ends {day}"),
    noted("seen", "ended {day}"),
    noted("seen", "{total} mails, {count} of the last hour: {reasons}"),
    noted("seen", "{total} mails, {count} of the last hour"),
    noted("seen", "its mails wait in quarantine; see mailbridge layouts"),
    noted("seen", "nothing for {hours} h; {missed} of these hours usually bring something"),
    noted("seen", "{free} MB free, work stops below {floor} MB"),
    noted("seen", "{free} MB free, but the reserve {file} is missing"),
    noted(
        "seen",
        "the disk under {folder} has {free} MB left and {floor} MB are needed: nothing new is taken; free some space "
        "and the work goes on by itself ([ledger] min_free_bytes and reserve_bytes)",
    ),
    noted("seen", "{kind} from {network}, {product}"),
    noted("seen", "{kind} from {network}"),
)
"""What can be seen, the longer first. Reasons in it are of servers and stay; kinds and networks are worded."""


def seen(about: str, language: Language) -> str:
    """Return what was seen in a language; as it is when nothing here says it."""
    if language == SOURCE_LANGUAGE:
        return about
    for message in SEEN:
        if found := _pattern(message).fullmatch(about):
            with suppress(KeyError):  # of an unknown kind: it only looks like the message
                values = {name: _value(name, value, language) for name, value in found.groupdict().items()}
                return translated("seen", message, language).format(**values)
    return about


def _value(name: str, value: str, language: Language) -> str:
    return card_word(cast("WordTable", name), value, language) if name in {"kind", "network"} else value


@cache
def _pattern(message: str) -> re.Pattern[str]:
    """Return what finds the values of a message again."""
    parts = re.split(r"\{(\w+)\}", message)
    words, names = map(re.escape, parts[::2]), [*(f"(?P<{name}>.+?)" for name in parts[1::2]), ""]
    return re.compile("".join(word + name for word, name in zip(words, names, strict=True)), re.DOTALL)
