"""What a start costs: `mailbridge --help` loads no library that only work with mails and CRMs needs."""

import gc
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from mailbridge.lean import few_arenas, no_collections

HEAVY = {"jinja2", "bs4", "httpx", "sqlalchemy", "phonenumbers", "lxml", "apscheduler", "imap_tools", "mailparser"}


def imported_by(*arguments):
    """Return the top-level names of all that a start of Python imports."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return {name.partition(".")[0] for name in re.findall(r"^import time:.*\| +(\S+)$", done.stderr, re.MULTILINE)}


@pytest.mark.parametrize("arguments", [("--help",), ("mails", "--help"), ("--version",)])
def test_help_loads_nothing_heavy(arguments):
    loaded = imported_by("-m", "mailbridge", *arguments)
    assert {"mailbridge", "typer"} <= loaded
    assert not loaded & HEAVY


def test_an_error_class_costs_no_library():
    assert not imported_by("-c", "from mailbridge.sdk import MailbridgeError") & {*HEAVY, "pydantic"}


def test_the_measure_sees_what_is_loaded():
    assert imported_by("-c", "from mailbridge.sdk import Html") & HEAVY == {"lxml"}


def test_collections_go_on_after_a_start_and_stay_off_where_they_were():
    with no_collections():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), no_collections():
        raise KeyError
    assert gc.isenabled()


def test_a_start_asks_for_few_arenas_where_there_is_glibc_and_for_nothing_elsewhere(monkeypatch):
    asked = []
    glibc = SimpleNamespace(gnu_get_libc_version=None, mallopt=lambda *given: asked.append(given))
    monkeypatch.setattr("ctypes.CDLL", lambda _name: glibc)
    few_arenas()
    monkeypatch.setattr("ctypes.CDLL", lambda _name: SimpleNamespace(mallopt=lambda *_: pytest.fail("not glibc")))
    few_arenas()
    assert asked == [(-8, 2)]
