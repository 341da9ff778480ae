"""`mailbridge backup`: a consistent copy of the ledger."""

from pathlib import Path
from typing import Annotated

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, settings_of, tell


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy to make.")],
    config: ConfigOption = CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Copy the ledger into one file, also while the daemon works; the copy is checked before it gets its name."""
    from mailbridge.ledger.backup import back_up

    size = back_up(settings_of(config, with_recipes=False).ledger.url, file, force=force)
    tell(f"{file}: {size:,} bytes, checked; it holds mails: keep it as private as the ledger")
