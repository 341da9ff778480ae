"""A pytest plugin: plants one bug before any test module is loaded."""

import os

from threats.table import THREATS


def pytest_configure():
    by_place = {threat.broken: threat for threat in THREATS}
    by_place[os.environ["MAILBRIDGE_PLANTED_BUG"]].plant()
