"""How far long work is: shown to a person who looks at a terminal, on standard error, and to nobody else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Watch = Callable[[int], None]
"""Told how much is done."""


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Watch]:
    """Lend somebody who works a way to say how far it is.

    Args:
        what: What is counted, such as "mails read".
        total: How many there are; None = nobody knows.
    """
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = [BarColumn(), MofNCompleteColumn()] if total is not None else [TextColumn("{task.completed:,}")]
    columns = [TextColumn("{task.description}"), *bar, TimeElapsedColumn()]
    # What is printed meanwhile must not be redirected: standard output carries results.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as shown:
        task = shown.add_task(what, total=total)
        yield lambda done: shown.update(task, completed=done)
