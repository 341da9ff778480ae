"""The rules of a conformance suite as the documentation shows them: ids, titles and sentences out of its tests."""

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """One test of a suite.

    Attributes:
        test: Its name, such as "test_s15_close_twice".
        rule: Id of the rule that it proves a part of, such as "s15".
        sentence: Its title, in bold, and what it proves.
    """

    test: str
    rule: str
    sentence: str


def rules_of(suite: type[Any]) -> list[Rule]:
    """Return the tests of a suite that prove rules, sorted by name."""
    found = []
    for name in sorted(dir(suite)):
        if match := re.fullmatch(r"test_([a-z]\d\d)_(\w+)", name):
            about = " ".join((getattr(suite, name).__doc__ or "").split())
            title = match[2].replace("_", " ")
            found.append(Rule(name, match[1], f"**{title[0].upper()}{title[1:]}.** {about}"))
    return found


def rules_table(suite: type[Any]) -> str:
    """Return the rules of a suite as a table in Markdown, one row for each id."""
    rows: dict[str, list[str]] = {}
    for one in rules_of(suite):
        rows.setdefault(one.rule, []).append(one.sentence)
    lines = [f"| {rule} | {' '.join(sentences)} |" for rule, sentences in rows.items()]
    return "\n".join(["| rule | what is proven |", "|---|---|", *lines])
