"""`make chaos`: plan, run, print what came out; exit code 1 when anything was lost or doubled."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dovecot
from chaos import arena as settings
from chaos.crms import crms
from chaos.ledgers import Ledgers, ledgers
from chaos.plan import Limits, Run, plan
from chaos.report import Line, explained, head, tail, tell


def main(arguments: Sequence[str]) -> int:
    """Run everything; return the exit code."""
    options = _options(arguments)
    if dovecot.program() is None:
        tell(dovecot.HINT)
        return 69
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # everything started here ends with us
    began = time.monotonic()
    with _parts(options.keep) as (folder, running):
        limits = Limits(**{name: getattr(options, name) for name in Limits.__annotations__})
        runs = plan(limits, running.ledgers.kinds)
        tell(f"seed {options.seed}; {settings.described()}\n\n{head()}")
        lines = [_line(running, run, options.seed, folder / f"run{number}") for number, run in enumerate(runs)]
    tell(f"\n{tail(lines, time.monotonic() - began)}")
    wrong = [line for line in lines if line.problems]
    for line in wrong:
        tell(explained(line))
    if wrong:
        tell(f"Run it again: make chaos SEED={options.seed}; with KEEP=DIR ledgers and logs stay there.")
    return 1 if wrong or not lines else 0


class _Running:
    """What all runs share."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.crms = stack.enter_context(crms(folder))
        self.dovecot = dovecot.Dovecot()
        stack.callback(self.dovecot.stop)
        self.dovecot.start()
        self.ledgers: Ledgers = stack.enter_context(ledgers())


@contextmanager
def _parts(keep: Path | None) -> Iterator[tuple[Path, _Running]]:
    folder = keep or Path(tempfile.mkdtemp(prefix="mailbridge-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as stack:
            yield folder, _Running(stack, folder)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _line(running: _Running, run: Run, seed: int, folder: Path) -> Line:
    folder.mkdir()
    began = time.monotonic()
    with (
        running.ledgers.one(run.ledger) as (url, restart),
        settings.arena(
            folder,
            seed=f"{seed} {run.name} {run.ledger} {run.nodes}",
            crms=running.crms,
            dovecot=running.dovecot,
            ledger=url,
            nodes=run.nodes,
            database=restart,
            limited=run.limited,
        ) as arena,
    ):
        problems = run.play(arena, run.made(seed))
        verdict = arena.finish(run.patience_s)
        problems += verdict.faults(freezes=bool(arena.freezes)) + run.afterwards(arena)
        line = Line.of(run, arena, verdict, problems, time.monotonic() - began)
    tell(line.row())
    return line


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="500 mails and 100 kills, backlogs of 1,000, outages of 30 s"
    )
    parser.add_argument("--mails", type=int, help="mails of each storm, and of each backlog")
    parser.add_argument("--kills", type=int, help="kills of each storm")
    parser.add_argument("--freezes", type=int, help="freezes of each run with freezes")
    parser.add_argument("--outage", type=float, help="seconds that a CRM is out")
    parser.add_argument("--ledger", choices=("sqlite", "postgresql"), help="only this database")
    parser.add_argument("--nodes", type=int, help="only with so many nodes")
    parser.add_argument("--only", help="only runs whose name holds this")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="repeats the choices of a run")
    parser.add_argument("--keep", type=Path, help="keep ledgers and logs in this new folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
