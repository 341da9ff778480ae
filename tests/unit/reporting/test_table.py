"""The report on a terminal: whole where there is room, and never cut."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from mailbridge.ledger.ledger import Ledger
from mailbridge.reporting import periods
from mailbridge.reporting.report import make_report
from mailbridge.reporting.table import LEAST_NAME, show
from mailbridge.reporting.words import COLUMNS, SHORT, Words
from report_month import ANSWER_S, BEFORE, SINCE, UNTIL, fill, month


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    ledger = Ledger(f"sqlite:///{tmp_path_factory.mktemp('month')}/ledger.db", works=False)
    fill(ledger.database, month(3_000))
    made = make_report(
        ledger.reports, periods.Period(SINCE, UNTIL, BEFORE, SINCE), "Europe/Berlin", answer_s=ANSWER_S, names=True
    )
    ledger.close()
    return made


def shown(report, language, width):
    out = io.StringIO()
    show(Console(file=out, width=width), report, Words(language))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_no_number_and_no_title_is_cut_or_wrapped(report, language, width):
    words, lines = Words(language), shown(report, language, width)
    assert max(map(cell_len, lines)) <= width
    totals = [line for line in lines if line.startswith(words("All") + " ")]
    titles = lines[lines.index(totals[0]) - 1].split("  ")
    known = {words(title) for title in (*COLUMNS.values(), *SHORT.values())}
    assert {title.strip() for title in titles if title.strip()} <= known
    assert f"{words.number(report.total.interests)} " in totals[0]
    assert f" {words.wait(report.total.p50_s)}" in totals[0]
    assert not any("…" in line[LEAST_NAME + 2 :] for line in lines), "names may be cut, numbers may not"


def test_what_has_no_room_is_named(report):
    assert [line for line in shown(report, "en", 60) if line.startswith("No room for: change, late")]
    assert not [line for line in shown(report, "en", 200) if "No room" in line]
