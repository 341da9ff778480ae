"""Every hazard of docs/mailbox.md names tests that exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DOCUMENT = (TESTS.parent / "docs" / "mailbox.md").read_text(encoding="utf-8")
ROWS = [line for line in DOCUMENT.splitlines() if re.match(r"\| \d+ \|", line)]
SHORT = {
    **{name: f"component/mailbox/test_imap_{name}" for name in ("reading", "connecting", "marking", "in_memory")},
    **{name: f"unit/mailbox/test_imap_{name}" for name in ("odd_answers", "odd_idle", "poison", "mark")},
    "simulation": "simulation/bugs",
}
"""As the head of the document explains them."""


def test_each_hazard_has_its_row_and_no_name_is_left_open():
    assert [int(row.split("|")[1]) for row in ROWS] == list(range(1, 36))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_the_tests_of_a_hazard_exist(row):
    told = re.sub(r"\([^)]*\)", "", row.split("|")[-2])
    for part in filter(None, (one.strip() for one in told.split(";"))):
        files = [TESTS / f"{SHORT.get(name, name)}.py" for name in re.findall(r"`([^`]+)`", part)]
        sources = "".join(file.read_text(encoding="utf-8") for file in files)
        for name in part.rpartition("`")[2].removeprefix(":").split(","):
            word = name.strip(" …")
            if files and word and word != "all" and not word.startswith("runs on"):
                assert re.search(rf"def \w*{re.escape(word)}|\"{re.escape(word)}\"", sources), (word, files)
