"""The page of a report: right to the number, without anything from elsewhere, and it can be read."""

import re
import shutil
import subprocess
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup

from mailbridge.ledger.ledger import Ledger
from mailbridge.reporting import periods
from mailbridge.reporting.page import as_html
from mailbridge.reporting.report import make_report
from report_month import ANSWER_S, BEFORE, SINCE, UNTIL, One, Told, Truth, fill, month

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NASTY = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>\"'&{{ 7*7 }}"


def page_of(folder, ones, language="en", *, until=UNTIL, answer_s=ANSWER_S, **more):
    ledger = Ledger(f"sqlite:///{folder}/ledger.db", works=False)
    try:
        fill(ledger.database, ones)
        period = periods.Period(SINCE, until, BEFORE, SINCE)
        report = make_report(ledger.reports, period, "Europe/Berlin", answer_s=answer_s, **more)
        return as_html(report, language)
    finally:
        ledger.close()


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A month of ten thousand interests, and its page."""
    ones = month(20_000)
    folder = tmp_path_factory.mktemp("full")
    return Truth(ones), page_of(folder, ones, "ru", top=12), folder


def rows(page, title):
    soup = BeautifulSoup(page, "lxml")
    for table in soup.select("table.numbers"):
        if table.select_one("thead th").get_text() == title:
            cells = ([cell.get_text() for cell in row.select("th, td")] for row in table.select("tbody tr"))
            return {name: numbers for name, *numbers in cells}
    raise AssertionError(title)


def test_the_page_is_right_to_the_number(full):
    truth, page, _ = full
    soup = BeautifulSoup(page, "lxml")
    tiles = {tile["class"][0]: tile.b.get_text() for tile in soup.select(".tiles li")}
    numbers = truth.total()
    assert numbers["interests"] > 10_000
    for name in ("interests", "answered", "waiting", "overdue", "unknown", "late"):
        assert int(re.sub(r"\D", "", tiles[name])) == numbers[name], name
    networks = truth.by(lambda one: one.network)
    shown = rows(page, "Сеть")
    assert re.sub(r"\D", "", shown["ВКонтакте"][0]) == str(networks["vk"]["interests"])
    assert len(shown) == 5
    places = rows(page, "Источник")
    assert len(places) == 13
    assert list(places)[-1].startswith("ещё ")
    assert sum(int(re.sub(r"\D", "", cells[0])) for cells in places.values()) == numbers["interests"]


def test_nothing_comes_from_elsewhere_and_no_script(full):
    page = full[1]
    soup = BeautifulSoup(page, "lxml")
    assert not soup.select("script, link, iframe, object, img, base, form")
    assert not [tag for tag in soup.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page
    assert len(page) < 400_000
    assert "secret words" not in page
    assert "Author " not in page


@pytest.mark.parametrize("language", ["ru", "en"])
def test_names_of_strangers_are_shown_and_not_obeyed(tmp_path, language):
    at = SINCE.timestamp()
    one = One(at, product=NASTY, title=NASTY, author=NASTY, person=1, network=NASTY, sinks=[Told(responsible=NASTY)])
    page = page_of(tmp_path, [one, one], language, names=True)
    soup = BeautifulSoup(page, "lxml")
    assert not soup.select("script, img")
    assert soup.get_text().count("<script>alert(1)</script>") == 5
    assert "49" not in rows(page, "Product" if language == "en" else "Продукт")


def test_long_names_are_cut_and_break(tmp_path):
    page = page_of(tmp_path, [One(SINCE.timestamp(), product="Ж" * 5000, title="many words " * 500)])
    assert "Ж" * 79 + "…" in page
    assert "Ж" * 80 not in page


def test_an_empty_month_says_so(tmp_path):
    page = page_of(tmp_path, [], answer_s=None)
    assert "There were no interests in this period." in page
    assert "<svg" not in page
    assert "No deadline is set" in page


@pytest.mark.parametrize(
    ("days", "title"), [(1, "by day"), (62, "by day"), (90, "by week"), (1500, "by month"), (36600, "by year")]
)
def test_periods_of_any_length_are_drawn(tmp_path, days, title):
    page = page_of(tmp_path, [One(SINCE.timestamp())], until=SINCE + timedelta(days=days))
    assert f"Interests {title}" in page
    assert len(page) < 300_000


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 человек обратился"),
        (2, "2 человека обратились"),
        (5, "5 человек обратились"),
        (21, "21 человек обратился"),
    ],
)
def test_russian_numbers_take_their_form(tmp_path, count, said):
    ones = [One(SINCE.timestamp() + number, person=number % count + 1) for number in range(2 * count)]
    assert said in page_of(tmp_path, ones, "ru")


def test_months_are_compared_as_far_as_they_have_come():
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 31, 15, 0, tzinfo=zone)
    this = periods.month(now.date().replace(day=1), now)
    assert f"{this.before_until}" == "2026-03-01 00:00:00+01:00"  # February has no 31st
    assert this.until == now
    early = periods.month(now.date().replace(day=1), now - timedelta(days=21))
    assert f"{early.before_until}" == "2026-02-10 15:00:00+01:00"
    assert f"{periods.last_whole('month', now).since:%F}" == "2026-02-01"
    assert f"{periods.last_whole('week', now).since:%F}" == "2026-03-23"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian: chromium) to look at the page with")
@pytest.mark.parametrize(("name", "width"), [("screen", 1100), ("phone", 390)])
def test_a_browser_shows_it(full, name, width):
    """Nothing is wider than the screen; the picture is kept beside the page for people to look at."""
    _, page, folder = full
    probe = f'<p id="probe">{{}}</p><iframe src="page.html" width="{width}" height="3000"></iframe>'
    probe += """<script>window.onload = () => { const inner = document.querySelector("iframe").contentDocument;
        document.querySelector("#probe").textContent = JSON.stringify([inner.documentElement.scrollWidth,
        getComputedStyle(inner.querySelector("table.numbers thead")).display,
        [...inner.querySelectorAll(".chart svg")].filter(one => one.getBoundingClientRect().width > 100).length]) }
        </script>"""
    (folder / "page.html").write_text(page, encoding="utf-8")
    (folder / "probe.html").write_text(probe, encoding="utf-8")
    dump = _browse(folder, "--allow-file-access-from-files", "--window-size=1300,3200", "--dump-dom", "probe.html")
    scroll, heads, drawn = re.search(r'id="probe">\[(\d+),"([\w-]+)",(\d+)\]', dump).groups()
    assert int(scroll) <= width
    assert heads == ("none" if name == "phone" else "table-header-group")
    assert drawn == "3"
    _browse(folder, f"--window-size={max(width, 500)},2400", f"--screenshot={folder}/{name}.png", "page.html")
    assert (folder / f"{name}.png").stat().st_size > 20_000


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine (Debian: chromium) to print the page with")
def test_it_prints_on_a_few_pages(full):
    _, page, folder = full
    (folder / "page.html").write_text(page, encoding="utf-8")
    _browse(folder, "--no-pdf-header-footer", f"--print-to-pdf={folder}/paper.pdf", "page.html")
    pages = len(re.findall(rb"/Type\s*/Page\b", (folder / "paper.pdf").read_bytes()))
    assert 2 <= pages <= 5


def _browse(folder, *arguments):
    *flags, file = arguments
    words = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/p"]
    done = subprocess.run(
        [*words, *flags, f"file://{folder}/{file}"], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
