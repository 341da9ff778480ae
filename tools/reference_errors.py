"""The pages on what can go wrong: error classes and exit codes, events, reasons, kinds of alerts."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import mailbridge
from advice import ADVICE
from mailbridge.cli import EXIT_CODES
from mailbridge.observe.alert_texts import KINDS
from mailbridge.observe.events import EVENTS
from mailbridge.sdk import MailbridgeError, translated
from reasons import IGNORED, QUARANTINED
from tables import cell, code, table

ROOT = Path(__file__).parents[1]
LEVELS = ("debug", "info", "warning", "error", "critical")
WORTH_A_LOOK = {"warning", "error", "critical"}

ERRORS = """\
# Errors and exit codes

After sysexits(3); scripts and service managers may rely on them. `demo` also exits with 1 when something is not as
expected, and every command with 130 after Ctrl-C.
"""
CLASSES = """\
## Error classes

What is raised on purpose, and the exit code of a command that ends with it. The text of an error names the file,
key or mail. Errors without a code do not end a command: the mail goes to [quarantine](reasons.md), the delivery or
the account waits.
"""
EVENTS_HEAD = """\
# Log events

To standard error: JSON lines, or short lines on a terminal (`[log] format`). Every line has `event`, `level` and
`ts`; names and fields don't change.
"""
ALERTS = """\
# Kinds of alerts

What people are told, once when it begins and once when it is over; `[alerts] language` says in which language. What
to do stands in the message and in the [runbook](../runbook.md). `mailbridge health` and the metric
`mailbridge_condition_active{kind="…"}` name the same kinds.
"""
REASONS = """\
# Reasons

Why a mail is no interest, or waits. `mailbridge mails list --reason REASON` shows the mails. A parser or recipe of
your own may give further ones.

## Ignored

Nobody wants an answer.
"""
WAITING = """\
## Quarantined

The mail should have been understood and was not, or is not who it claims to be. What to do with which: [quarantine
by hand](../operators.md#quarantine-by-hand).
"""

CODES = {
    "ok": ("Done. `parse`: whatever the outcomes; `run --once`: all is final.", "Nothing."),
    "usage": ("The command line can't be understood.", "Read what it says and `--help` of the command."),
    "data": (
        "No mail in the given folder, no row with this id, damaged data, or `audit` found differences.",
        "Give another path or id; bring back [a backup](../howto/backup.md#back-up-and-bring-back) of damaged data.",
    ),
    "unavailable": (
        "A mailbox, a CRM or the ledger can't be reached, or `health` is red.",
        "Wait: the daemon tries again by itself. The log and `mailbridge health` say who it is.",
    ),
    "internal": (
        "A defect of mailbridge, or a part of the daemon ended that must not.",
        "Start it again (a service manager does), then report the lines above the last one.",
    ),
    "path": (
        "A path or the ledger is missing, unreadable or can't be written.",
        "Look at rights, mounts and free space; the path is named.",
    ),
    "waiting": (
        "`run --once`: something waits for a time or a limit. `restore`: a node works on the ledger.",
        "Run it again later; stop the nodes before `restore`.",
    ),
    "refused": (
        "The password, the token or a right was refused.",
        "Mend it on the side that is named, then `mailbridge deliveries resume SINK`. Restarting does not help.",
    ),
    "config": (
        "The configuration can't be used, or the ledger is newer than the program.",
        "All problems are named. A newer ledger wants its program, or [a backup](../howto/upgrade.md).",
    ),
}
"""Name of an exit code → what it means, what to do."""


def errors_page() -> str:
    """Return the page on exit codes and error classes."""
    rows = [(str(number), name, *CODES[name]) for name, number in EXIT_CODES.items()]
    classes = sorted(_classes(), key=lambda kind: (_code(kind), kind.__name__))
    unknown = sorted({kind.__name__ for kind in classes} ^ set(ADVICE))
    if unknown:
        raise SystemExit(f"tools/advice.py and the code do not know the same error classes: {', '.join(unknown)}")
    known = [(f"`{one.__name__}`", _code(one), cell(_first(one)), ADVICE[one.__name__]) for one in classes]
    codes = table(("code", "name", "meaning", "what to do"), rows)
    return f"{ERRORS}\n{codes}\n\n{CLASSES}\n{table(('class', 'exit code', 'meaning', 'what to do'), known)}\n"


def _classes() -> set[type[MailbridgeError]]:
    for module in walk_packages(mailbridge.__path__, "mailbridge."):
        if ".migrations" not in module.name and "__main__" not in module.name and ".templates" not in module.name:
            import_module(module.name)
    found, open_ = set(), [MailbridgeError]
    while open_:
        kind = open_.pop()
        found.add(kind)
        open_ += kind.__subclasses__()
    return {kind for kind in found if kind.__module__.startswith("mailbridge.")}


def _code(kind: type[MailbridgeError]) -> str:
    own = getattr(kind, "exit_code", None)
    if isinstance(own, int):
        return str(own)
    return "70" if kind is MailbridgeError else "" if _in_sdk(kind) else "by cause"


def _in_sdk(kind: type[MailbridgeError]) -> bool:
    return not any("exit_code" in ast.dump(node) for node in _class_nodes(kind))


def _class_nodes(kind: type[MailbridgeError]) -> Iterator[ast.ClassDef]:
    source = Path(import_module(kind.__module__).__file__ or "").read_text(encoding="utf-8")
    return (one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.ClassDef) and one.name == kind.__name__)


def _first(kind: type) -> str:
    return (kind.__doc__ or "").strip().split("\n\n")[0]


def events_page() -> str:
    """Return the page on log events."""
    levels = event_levels()
    rows = []
    for name, told in sorted(EVENTS.items()):
        meaning, fields = re.fullmatch(r"(.*?[.:]) ?((?:[a-z_]+(?:, )?)*)", told, re.DOTALL).groups()  # type: ignore[union-attr]
        link = f"[what to do](../runbook.md#{name})" if WORTH_A_LOOK & levels[name] else ""
        level = " or ".join(one for one in LEVELS if one in levels[name])
        shown = ", ".join(map(code, fields.split(", "))) if fields else ""
        rows.append((f"`{name}`", level, cell(meaning), shown, link))
    return f"{EVENTS_HEAD}\n{table(('event', 'level', 'meaning', 'fields', ''), rows)}\n"


@cache
def event_levels() -> dict[str, set[str]]:
    """Return event → the levels at which the code logs it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "src" / "mailbridge").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for level, name in re.findall(rf'\blog\.({"|".join(LEVELS)}|exception)\(\s*"(\w+)"', source):
            found[name].add("error" if level == "exception" else level)
        for level, name in re.findall(r'target=log\.(\w+), args=\("(\w+)",\)', source):
            found[name].add(level)
        for name in re.findall(r'else log\.warning\b[^"]*"(\w+)"', source):
            found[name].add("warning")
    return found


def alerts_page() -> str:
    """Return the page on kinds of alerts."""
    rows = [
        (f"[`{kind}`](../runbook.md#{kind})", *(_both(text.title), _both(text.over) if text.over else "an event"))
        for kind, text in KINDS.items()
    ]
    return f"{ALERTS}\n{table(('kind', 'when it begins', 'when it is over'), rows)}\n"


def _both(message: str) -> str:
    return f"{cell(message)}<br>{cell(translated('alert', message, 'ru'))}"


def reasons_page() -> str:
    """Return the page on why mails are ignored or in quarantine."""
    given = reasons_given()
    unknown = sorted(set(given) - set(IGNORED) - set(QUARANTINED))
    if unknown:
        raise SystemExit(f"tools/reasons.py does not say what these mean: {', '.join(unknown)}")
    ignored, quarantined = _reason_table(IGNORED, given, "noise"), _reason_table(QUARANTINED, given, "core")
    return f"{REASONS}\n{ignored}\n\n{WAITING}\n{quarantined}\n"


def _reason_table(meanings: dict[str, str], given: dict[str, set[str]], usual: str) -> str:
    rows = [(f"`{name}`", cell(about), ", ".join(sorted(given[name])) or usual) for name, about in meanings.items()]
    return table(("reason", "meaning", "given by"), sorted(rows))


@cache
def reasons_given() -> dict[str, set[str]]:
    """Return reason → who gives it, as far as code and fixtures say it."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder, who in (("src/mailbridge", "core"), ("parsers/mailbridge_parsers", "")):
        for path in (ROOT / folder).rglob("*.py"):
            if "testing" not in path.parts:
                name = who or path.relative_to(ROOT / folder).parts[0].removesuffix(".py")
                for reason in _reasons_in(path.read_text(encoding="utf-8")):
                    found[reason].add(name)
    for path in (ROOT / "fixtures" / "mails").glob("*/*/expected.json"):
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.get("reason"):
            found[told["reason"]].add(told.get("parser") or "core")
    return found


def _reasons_in(source: str) -> Iterator[str]:
    yield from (one for one in re.findall(r'"quarantined",\s*"([a-z_]+)"', source) if one != "ignored")  # a state
    yield from re.findall(r'\b(?:Undecodable|ParseError|TemplateChanged|Ignored)\(\s*"([a-z_]+)"', source)
