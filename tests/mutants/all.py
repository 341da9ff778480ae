"""All broken sinks, and their table."""

from mutants import amocrm, amocrm_manners, rest, salesforce

MUTANTS = [*amocrm.MUTANTS, *amocrm_manners.MUTANTS, *rest.MUTANTS, *salesforce.MUTANTS]


def table() -> str:
    """Return the table in Markdown, as docs/sinks.md quotes it."""
    rows = [f"| {one.sink} | {one.mistake} | {', '.join(sorted(one.rules))} |" for one in MUTANTS]
    return "\n".join(["| sink | mistake | caught by |", "|---|---|---|", *rows])
