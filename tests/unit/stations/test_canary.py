"""Measuring the search lag of a CRM that shows an object only after a while."""

from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from mailbridge.sdk import RetryLater
from mailbridge.stations.canary import Canary

ITEM = SimpleNamespace(delivery=SimpleNamespace(key="mb1-a"))


class Search:
    """A CRM whose search sees an object `lag_s` after it was written; each search takes no time."""

    def __init__(self, lag_s):
        self.now, self.lag_s, self.searches = 1000.0, lag_s, []
        self.paused = False

    def __call__(self, items):
        self.searches.append(self.now)
        if self.paused:
            return RetryLater("too many", 3, pause=True)
        return {items[0].delivery.key: ["1"]} if self.now - 1000.0 >= self.lag_s else {}

    def live(self, canary, seconds):
        """Let a worker come by every half second."""
        for _ in range(int(seconds * 2)):
            canary.look()
            self.now += 0.5


def measured(lag_s, *, configured_s=60.0, seconds=1200, paused=False):
    search = Search(lag_s)
    search.paused = paused
    canary = Canary("crm", 3600, configured_s, search, lambda: search.now)
    with capture_logs() as lines:
        canary.delivered(ITEM)
        search.live(canary, seconds)
    return search, [line for line in lines if line["event"] == "search_lag_measured"]


@pytest.mark.parametrize(("lag_s", "level"), [(0, "info"), (4, "info"), (25, "info"), (45, "warning"), (90, "warning")])
def test_what_is_told_is_the_lag_and_a_warning_where_twice_as_much_is_not_configured(lag_s, level):
    _, (line,) = measured(lag_s)
    assert lag_s <= line["seconds"] <= lag_s * 2 + 15
    assert line["advised_s"] == 2 * line["seconds"]
    assert (line["log_level"], line["seen"]) == ("info" if 2 * line["seconds"] <= 60 else "warning", True)
    assert level == "warning" or line["seconds"] <= 40


def test_it_asks_seldom_and_gives_up_with_a_warning():
    search, (line,) = measured(1e9)
    assert (line["seen"], line["log_level"]) == (False, "warning")
    assert len(search.searches) < 60
    assert search.searches[-1] - 1000 < 700


def test_an_account_that_pauses_measures_nothing():
    search, lines = measured(5, paused=True)
    assert (len(search.searches), lines) == (1, [])


def test_it_measures_again_only_after_its_time_and_not_at_all_when_it_is_off():
    search, _ = measured(0)
    canary = Canary("crm", 100, 60, search, lambda: search.now)
    for _ in range(10):
        canary.delivered(ITEM)
        search.live(canary, 30)
    off = Canary("crm", 0, 60, search, lambda: search.now)
    before = len(search.searches)
    off.delivered(ITEM)
    search.live(off, 30)
    assert len(search.searches) == before
