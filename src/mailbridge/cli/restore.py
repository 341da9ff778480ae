"""`mailbridge restore`: a backup becomes the ledger, and nothing is sent twice."""

from pathlib import Path
from typing import Annotated

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, UsageProblem, settings_of, tell


def restore(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="What `mailbridge backup` made.")] = None,
    config: ConfigOption = CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Move an existing ledger aside.")] = False,
    mark_only: Annotated[
        bool, typer.Option("--mark-only", help="The database was brought back by its own tools: only mark it.")
    ] = False,
) -> None:
    """Put a backup in the place of the ledger; whatever may have been sent since is searched in the CRMs first."""
    from mailbridge.ledger.restore import Restored, mark_only_restored
    from mailbridge.ledger.restore import restore as put_back

    if (file is None) is not mark_only:
        raise UsageProblem("name the backup, or say --mark-only when the database was brought back by its own tools")
    url = settings_of(config).ledger.url
    done: Restored = mark_only_restored(url) if file is None else put_back(url, file, force=force)
    if done.aside:
        tell(f"the ledger that was there lies in {done.aside}")
    tell(
        f"restored, epoch {done.epoch}: {done.doubts} deliveries are searched in the CRMs before they are sent, and so "
        "is every mail that is read again"
    )
