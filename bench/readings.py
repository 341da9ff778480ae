"""Writes fixtures/readings.json: what each version of a parser reads out of the fixtures.

usage: python bench/readings.py    exits 1, and writes nothing, when a parser reads differently without a new version
"""

import json
import sys
from pathlib import Path

from mailbridge.registry import make_parsers
from mailbridge.testing.fixtures import cases
from mailbridge.testing.versions import readings, unraised

TABLE = Path("fixtures/readings.json")


def main() -> None:
    """Compare, then write."""
    now = readings(cases(), (parser.manifest for parser in make_parsers()))
    known = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    if told := unraised(known, now):
        sys.exit("\n".join((*told, "Raise manifest.version of the parser, then run this again.")))
    TABLE.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
