"""The table that a run prints; it goes into documents as it is."""

import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from chaos.arena import Arena
from chaos.judge import Verdict
from chaos.plan import Run

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: scenario, database, and counts; faults = connections and requests that were spoilt."""

    scenario: str
    ledger: str
    nodes: int
    mails: int
    kills: int
    freezes: int
    restarts: int
    faults: int
    seconds: int
    lost: int
    doubled: int
    suspects: int


_WIDTHS = [max(len(one.name), width) for one, width in zip(fields(Cells), (44, 10), strict=False)]
_WIDTHS += [len(one.name) for one in fields(Cells)[len(_WIDTHS) :]]


@dataclass(frozen=True, slots=True)
class Line:
    """One run: its row and what breaks the promise."""

    cells: Cells
    problems: Sequence[str]
    deaths: int

    @classmethod
    def of(cls, run: Run, arena: Arena, verdict: Verdict, problems: Sequence[str], seconds: float) -> "Line":
        cells = Cells(
            run.name, run.ledger, run.nodes, len(arena.mails), arena.kills, arena.freezes, arena.restarts, arena.met(),
            round(seconds), len(verdict.lost), len(verdict.doubled), verdict.suspects,
        )  # fmt: skip
        return cls(cells, tuple(problems), sum(len(node.deaths) for node in arena.nodes))

    def row(self) -> str:
        """Return the row of the table."""
        return _row([str(cell) for cell in astuple(self.cells)]) + (" <- wrong" if self.problems else "")


def tell(text: str) -> None:
    """Print at once, also where the output is a file."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def head() -> str:
    """Return the two lines above the rows."""
    return _row([one.name for one in fields(Cells)]) + "\n" + _row(["-" * width for width in _WIDTHS])


def _row(cells: Sequence[str]) -> str:
    padded = [
        cell.ljust(width) if number < 2 else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def tail(lines: Sequence[Line], seconds: float) -> str:
    """Return the sum of everything."""
    cells = [line.cells for line in lines]
    return (
        f"{len(lines)} runs in {seconds:.0f} s: {sum(one.mails for one in cells)} mails to three CRMs each, "
        f"{sum(one.kills for one in cells)} kills, {sum(one.freezes for one in cells)} freezes, "
        f"{sum(one.faults for one in cells)} faults met; lost {sum(one.lost for one in cells)}, "
        f"doubled {sum(one.doubled for one in cells)}; "
        f"daemons that ended by themselves and were started again: {sum(line.deaths for line in lines)}"
    )


def explained(line: Line) -> str:
    """Return what was wrong in a run."""
    more = [f"  … and {len(line.problems) - _SHOWN} more"] if len(line.problems) > _SHOWN else []
    return "\n".join([f"{line.cells.scenario}:", *(f"  {problem}" for problem in line.problems[:_SHOWN]), *more])
