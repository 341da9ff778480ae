"""All words of alerts, by kind: what is wrong, and what to do. One entry of docs/runbook.md belongs to each kind.

Format strings: {subject} is whom it is about (a mailbox, a sink, a source), {about} what was seen.
"""

from dataclasses import dataclass


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
    "daemon_silent": Text("No daemon works", "Start the service, or look into its log why it ended.", "It works again"),
    "mailbox_unsynced": Text(
        "Mailbox {subject} is not in sync",
        "Look at the reason: password, network, or the provider. Nothing is lost: mails are read when it is mended.",
        "Mailbox {subject} is in sync again",
    ),
    "mailbox_behind": Text(
        "Mailbox {subject} shows mails that were not read",
        "It connects anew by itself; if this stays, restart the service and run mailbridge audit.",
        "Mailbox {subject} has nothing unread any more",
    ),
    "delivery_waits": Text(
        "Deliveries to {subject} wait too long",
        "See why with: mailbridge deliveries list --sink {subject}",
        "Nothing waits too long for {subject} any more",
    ),
    "doubt_stuck": Text(
        "Deliveries to {subject} stay in doubt",
        "The CRM can't be searched: see mailbridge deliveries list --state doubt",
        "No delivery to {subject} stays in doubt any more",
    ),
    "delivery_dead": Text(
        "The CRM refuses deliveries to {subject} for good",
        "See mailbridge deliveries list --state dead; then retry, resolve or cancel them.",
        "No delivery to {subject} waits for a person any more",
    ),
    "delivery_doubled": Text(
        "An interest is in the CRM twice: {subject}",
        "Merge the objects in the CRM; mailbridge deliveries show names them.",
    ),
    "sink_unusable": Text(
        "The CRM of {subject} can't be used",
        "Mend the token, the right or the field that is named, then: mailbridge deliveries resume {subject}",
        "The CRM of {subject} can be used again",
    ),
    "sink_down": Text(
        "The CRM of {subject} is away",
        "Wait, or ask the CRM's support; deliveries go on by themselves.",
        "The CRM of {subject} is back",
    ),
    "token_expiring": Text(
        "The token of {subject} ends soon",
        "Make a new one and put it into the configuration.",
        "The token of {subject} is renewed",
    ),
    "disk_low": Text(
        "The disk under the ledger is nearly full",
        "Free some space; the work goes on by itself.",
        "There is room on the disk again",
    ),
    "clock_wrong": Text(
        "The clock of this machine is wrong",
        "Switch time synchronisation (NTP) on.",
        "The clock of this machine is right again",
    ),
    "ledger_unusable": Text(
        "The ledger can't be used",
        "See who locks it, or whether the database runs; everything waits and goes on by itself.",
        "The ledger can be used again",
    ),
    "layout_changed": Text(
        "{subject} has changed its mails",
        "Look at one: mailbridge quarantine show; then mailbridge layouts accept, or take a newer parser.",
        "Mails of {subject} are read again",
    ),
    "quarantine_grows": Text(
        "Many mails go into quarantine",
        "See the reasons with mailbridge quarantine list.",
        "The quarantine has stopped growing",
    ),
    "source_silent": Text(
        "Nothing comes from {subject} any more",
        "Send a test through it, and look whether its notifications are still on and reach the mailbox.",
        "{subject} brings something again",
    ),
    "answer_late": Text(
        "Interests in {subject} are not answered in time",
        "Somebody should answer them: mailbridge interests list shows which.",
        "All interests in {subject} are answered",
    ),
    "complaint_arrived": Text("Somebody complains: {subject}", "Answer at once; the card is in the CRM."),
    "recipes_refused": Text(
        "Changed recipes can't be used", "Find the mistake with mailbridge recipes lint.", "The recipes are fine again"
    ),
}
"""Kind → its words."""

SEVERAL = "{count} messages"
SINCE = "Since {since}."
WAS = "It began {since}."
TEST = ("this is a test", "Alerts reach you. Nothing is wrong and nothing has to be done.")
