"""Writes docs/reference/ out of the code; with --check it writes nothing, and exit code 1 names what is out of date."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from mailbridge.observe import metrics
from reference_commands import commands_page
from reference_configuration import configuration_page
from reference_errors import alerts_page, errors_page, events_page, reasons_page
from reference_sdk import sdk_page

ROOT = Path(__file__).parents[1]
PAGES: Mapping[str, Callable[[], str]] = {
    "alerts.md": alerts_page,
    "commands.md": commands_page,
    "configuration.md": configuration_page,
    "errors.md": errors_page,
    "events.md": events_page,
    "plugin-api.md": sdk_page,
    "reasons.md": reasons_page,
}
MADE = "<!-- Made out of the code by `make reference`; change the code, not this page. -->\n"


def wanted() -> dict[Path, str]:
    """Return file → what has to stand in it."""
    pages = {ROOT / "docs" / "reference" / name: f"{MADE}\n{page()}" for name, page in PAGES.items()}
    place = ROOT / "docs" / "metrics.md"
    head, _, rest = place.read_text(encoding="utf-8").partition("<!-- metrics -->")
    rows = [f"| `{name}` | {kind} | {labels} | {about} |" for name, kind, labels, about in metrics.catalogue()]
    table = "\n".join(["| metric | kind | labels | meaning |", "|---|---|---|---|", *rows])
    pages[place] = f"{head}<!-- metrics -->\n{table}\n<!-- /metrics -->{rest.partition('<!-- /metrics -->')[2]}"
    return pages


def main() -> int:
    """Write the pages, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    old = {path: text for path, text in wanted().items() if not path.exists() or path.read_text("utf-8") != text}
    for path, text in old.items():
        print(f"{'out of date' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
