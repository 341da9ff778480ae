"""`mailbridge trust`: how mails reach a mailbox, whose results fit, and which forwarder breaks signatures."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailbridge.cli.common import (
    CONFIG,
    ConfigOption,
    JsonOption,
    NoMailFound,
    UsageProblem,
    json_text,
    open_ledger,
    plain,
    settings_of,
)

if TYPE_CHECKING:
    from mailbridge.mailbox.trust_learning import Learned


def trust(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="Mails instead of those in the ledger; as for parse.")
    ] = None,
    config: ConfigOption = CONFIG,
    mailbox: Annotated[str | None, typer.Option(metavar="NAME", help="Only this mailbox.")] = None,
    receiver: Annotated[
        str | None, typer.Option(metavar="HOST", help="With PATH: the receiver that is believed, to compare.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Look at so many of the newest mails.")] = 500,
    as_json: JsonOption = False,
) -> None:
    """Tell whom the mails came through, which receiver profile fits, and which forwarder breaks signatures."""
    given = (("given mails", _of_paths(one, receiver, limit)) for one in [paths] if one)
    found = given if paths else _of_ledger(config, mailbox, limit)
    for name, learned in found:
        if as_json:
            print(json_text({"mailbox": name, **asdict(learned)}))
        else:
            _show(name, learned)


def _of_paths(paths: list[str], receiver: str | None, limit: int) -> "Learned":
    from itertools import islice

    from mailbridge.mailbox.files import walk
    from mailbridge.mailbox.receiving import Receiving, checked_receiver
    from mailbridge.mailbox.trust_learning import learn

    try:
        receiving = Receiving(checked_receiver(receiver) if receiver else None)
    except ValueError as error:
        raise UsageProblem(f"--receiver {error}") from None
    learned = learn(islice((mail.raw for path in paths for mail in walk(path)), limit), receiving)
    if not learned.mails:
        raise NoMailFound(f"no mail in {', '.join(paths)}")
    return learned


def _of_ledger(config: Any, only: str | None, limit: int) -> "Iterator[tuple[str, Learned]]":
    from mailbridge.app import receivers
    from mailbridge.config.load import require_mailboxes
    from mailbridge.stations.learning import learn_from

    settings = settings_of(config, with_recipes=False)
    require_mailboxes(settings, config)
    named = {name: how for name, how in receivers(settings).items() if only in {None, name}}
    if not named:
        raise UsageProblem(f"--mailbox {only}: there are {', '.join(settings.mailboxes)}")
    with open_ledger(settings) as ledger:
        for name, receiving in named.items():
            yield name, learn_from(ledger, name, receiving, limit)


def _show(name: str, learned: "Learned") -> None:
    print(f"{plain(name)}: {learned.mails} mails, {learned.with_results} with results of the own receiver")
    fitting = f"{learned.profile} ({learned.profile_mails} mails)" if learned.profile else "none: too few, or too mixed"
    print(f"  profile    {plain(fitting)}; configured: {plain(learned.configured or '-')}")
    print(f"  verdicts   {_counted(learned.verdicts)}")
    print(f"  reasons    {_counted(learned.reasons)}")
    for one in learned.forwarders:
        state = "named" if one.is_named else "breaks them" if one.breaks_dkim else "keeps them"
        broken = f"{one.broken} of {one.signed} signatures broken: {state}"
        print(f"  forwarder  {plain(one.host)}: {one.mails} mails, {broken}")
    for sentence in learned.advice:
        print(f"  to do      {plain(sentence, 500)}")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{plain(word)} {count}" for word, count in counts.items()) or "-"
