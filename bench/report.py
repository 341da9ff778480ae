"""What a bench found beside what is wanted: printed, kept as JSON, put into docs/performance.md."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PERFORMANCE = Path(__file__).parent.parent / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that is wanted, and what was found.

    Attributes:
        what: What is measured.
        found: The figure of this run.
        wanted: The bound.
        unit: Behind both figures.
        at_most: The figure should not exceed the bound; False: not fall below it.
    """

    what: str
    found: float
    wanted: float
    unit: str = ""
    at_most: bool = True

    @property
    def is_reached(self) -> bool:
        """Whether the figure keeps to the bound."""
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted

    @property
    def row(self) -> str:
        """A row of the table."""
        sign = "≤" if self.at_most else "≥"
        unit = f" {self.unit}" if self.unit else ""
        verdict = "reached" if self.is_reached else "**not reached**"
        return f"| {self.what} | {sign} {_shown(self.wanted)}{unit} | {_shown(self.found)}{unit} | {verdict} |"


def _shown(figure: float) -> str:
    if abs(figure) >= 100 or figure == int(figure):
        return f"{figure:,.0f}"
    return f"{figure:.2g}" if figure < 1 else f"{figure:.1f}"


def goals_table(goals: Sequence[Goal]) -> str:
    """Return the goals as a Markdown table."""
    return "\n".join(["| goal | wanted | found | |", "| --- | ---: | ---: | --- |", *(goal.row for goal in goals)])


def options(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with what every bench understands."""
    found = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--write", action="store_true", help="put the result into docs/performance.md")
    found.add_argument("--json", type=Path, metavar="FILE", help="add a line of JSON to this file")
    return found


def tell(section: str, text: str, goals: Sequence[Goal], chosen: argparse.Namespace) -> None:
    """Print a result; write it where `chosen` says.

    Args:
        section: Its mark in docs/performance.md.
        text: Markdown.
        goals: What was wanted of it.
        chosen: What `options` read.
    """
    whole = f"{text}\n\n{goals_table(goals)}" if goals else text
    print(whole, flush=True)
    if chosen.write:
        replace_section(PERFORMANCE, section, whole)
    if chosen.json:
        line = {"bench": section, "text": text, "goals": [{**asdict(one), "reached": one.is_reached} for one in goals]}
        with chosen.json.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def replace_section(path: Path, name: str, text: str) -> None:
    """Put text between the marks `<!-- NAME -->` and `<!-- /NAME -->` of a document.

    Raises:
        ValueError: The document has no such marks.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = path.read_text("utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{path} has no {begin} … {end}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
