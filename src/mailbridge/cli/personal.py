"""`mailbridge export` and `mailbridge erase`: what is held of one person, shown or taken out."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, JsonOption, json_text, open_ledger, plain, settings_of, tell

if TYPE_CHECKING:
    from mailbridge.config import Settings
    from mailbridge.ledger.ledger import Ledger
    from mailbridge.pipeline.trait import Trait

PersonOption = Annotated[
    str, typer.Option("--person", metavar="WHO", help="An e-mail address, a phone number, or the link to a profile.")
]

_NUMBERS = {"id", "mail", "occurred_at"}
"""Parts of a card in which digits are no telephone number."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the ledger holds of a person: ids of mails, and interests."""

    mails: list[str]
    interests: list[dict[str, Any]]

    @property
    def interest_ids(self) -> list[str]:
        """The ids alone."""
        return [one["id"] for one in self.interests]


def export(
    person: PersonOption,
    config: ConfigOption = CONFIG,
    raw: Annotated[
        Path | None, typer.Option("--raw", metavar="FOLDER", help="Also write the mails themselves there.")
    ] = None,
) -> None:
    """Print everything that is held of one person as one JSON object: cards, mails, places, objects in the CRMs."""
    settings, trait = _asked(config, person)
    with open_ledger(settings) as ledger:
        held = find(ledger, trait)
        about = ledger.erasure.about(held.mails, held.interest_ids)
        cards = [json.loads(one["body"]) for one in held.interests]
        print(
            json_text(
                {"person": trait.key, "interests": cards, **about, "elsewhere": list(_elsewhere(settings))}, indent=2
            )
        )
        if raw is not None:
            _write_mails(ledger, held.mails, raw)
    tell(f"{len(held.interests)} interests, {len(held.mails)} mails")


def erase(
    person: PersonOption,
    config: ConfigOption = CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only what would be erased is shown.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take one person out of the ledger: cards, texts, mails; a new scan of the mailbox brings nothing back.

    Exit 0 when it is done, 75 when something of theirs is being sent at this moment: try again a little later.
    """
    from mailbridge.ledger.erased import Erased

    settings, trait = _asked(config, person)
    with open_ledger(settings) as ledger:
        held = find(ledger, trait)
        about = ledger.erasure.about(held.mails, held.interest_ids)
        done = Erased()
        if yes and (held.mails or held.interests):
            done = ledger.erasure.erase(held.mails, held.interest_ids, "erased for a person")
            ledger.erasure.compact()
    found = {"interests": len(held.interests), "mails": len(held.mails)}
    left = {"crm": _objects(about["deliveries"]), "places": about["places"], "elsewhere": list(_elsewhere(settings))}
    _tell_erased(found, asdict(done), left, as_json=as_json, yes=yes)
    if done.in_flight:
        raise typer.Exit(75)


def find(ledger: "Ledger", trait: "Trait") -> Held:
    """Look through cards and through the words of every mail whose bytes are still here."""
    from rich.console import Console
    from rich.progress import track

    interests = ledger.erasure.interests_of(trait.key, trait.value)
    known = {one["id"] for one in interests}
    interests += [one for one in ledger.erasure.cards() if one["id"] not in known and _names(one["body"], trait)]
    mails = set(ledger.erasure.mails_of([one["id"] for one in interests]))
    console = Console(stderr=True)
    looked = track(
        ledger.erasure.raw_mails(), "looking through mails", ledger.erasure.count(), console=console, transient=True
    )
    mails.update(mail_id for mail_id, raw in looked if any(map(trait.is_in, _words(raw))))
    return Held(sorted(mails), interests)


def _names(body: str, trait: "Trait") -> bool:
    """Whether the words of a card name a person, whose number may be written in any way."""
    card = {name: value for name, value in json.loads(body).items() if name not in _NUMBERS}
    return any(map(trait.is_in, _strings(card)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(one)


def _words(raw: bytes) -> Iterator[str]:
    from mailbridge.mailbox.decode import Undecodable, decode

    try:
        mail = decode(raw)
    except Undecodable:
        yield raw.decode("latin-1")
        return
    waiting = [mail]
    while waiting:
        one = waiting.pop()
        yield from (value for _, value in one.headers)
        yield one.text
        yield one.html.text
        yield from (link.href for link in one.html.links)
        waiting.extend(one.inner)


def _asked(config: Path, person: str) -> "tuple[Settings, Trait]":
    from mailbridge.pipeline.trait import trait_of

    return settings_of(config, with_recipes=False), trait_of(person)


def _elsewhere(settings: "Settings") -> Iterator[str]:
    """Yield where else the person may stand, which this program does not touch."""
    yield from (f"mailbox {name}: its mails stay on the server" for name in settings.mailboxes)
    for name, sink in settings.sinks.items():
        what = f"file {sink.path}" if sink.type == "jsonl" else f"what the CRM holds ({sink.type})"
        yield f"sink {name}: {what}"
    ledger = settings.ledger.url.rpartition("@")[2]
    yield f"backups of {ledger} that were made before: let them end, or erase again after a restore"


def _objects(deliveries: list[dict[str, Any]]) -> list[str]:
    return [f"{one['sink']}: {one['remote_url'] or one['remote_id']}" for one in deliveries if one["remote_id"]]


def _write_mails(ledger: "Ledger", mail_ids: list[str], folder: Path) -> None:
    for missing in [one for one in (*reversed(folder.parents), folder) if not one.exists()]:
        missing.mkdir(mode=0o700)
    folder.chmod(0o700)
    wanted = set(mail_ids)
    for mail_id, raw in ledger.erasure.raw_mails():
        if mail_id in wanted:
            opened = os.open(folder / f"{mail_id}.eml", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(opened, "wb") as file:
                os.fchmod(opened, 0o600)  # it may have been there
                file.write(raw)


def _tell_erased(
    found: dict[str, int], done: dict[str, int], left: dict[str, Any], *, as_json: bool, yes: bool
) -> None:
    if as_json:
        print(json_text({"found": found, "erased": done, "left": left}))
        return
    print(f"found: {found['interests']} interests, {found['mails']} mails")
    if yes:
        print(f"erased: {done['interests']} interests, {done['mails']} mails")
    for one in left["crm"]:
        print(f"still in the CRM: {plain(one)}")
    for one in left["places"]:
        print(f"still in the mailbox {one['mailbox']}: UID {one['uid']}")
    for one in left["elsewhere"]:
        print(f"not touched: {one}")
    if done["in_flight"]:
        tell(f"{done['in_flight']} interests are being sent at this moment and were left: try again in some minutes")
    elif not yes:
        tell("nothing was erased: look at the list, then say --yes")
