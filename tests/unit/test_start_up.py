"""What a start costs: `mailbridge --help` loads no library that only work with mails and CRMs needs."""

import gc
import json
import re
import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace

import pytest

from mailbridge.lean import few_arenas, no_collections, without

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


def test_the_daemon_loads_nothing_that_only_colours_terminals_and_only_the_plugins_it_needs(tmp_path):
    (tmp_path / "mails").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(
        '[mailboxes.box]\ntype = "directory"\npath = "mails"\n[sinks.cards]\ntype = "jsonl"\npath = "cards.jsonl"\n'
    )
    script = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); from mailbridge.cli import main; main()"
    command = [sys.executable, "-c", script, "run", "--once", "-c", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert {"structlog", "httpx", "mailbridge_sinks.jsonl"} <= loaded
    assert not loaded & {"rich", "pygments", "click", "mailbridge_parsers", "mailbridge_sinks.amocrm"}
    assert "sqlalchemy.dialects.postgresql" not in loaded, "the ledger is a file"


def test_what_was_left_out_can_be_loaded_afterwards(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with without("colorsys", "json"):
        with pytest.raises(ImportError):
            import_module("colorsys")
        assert import_module("json") is json, "what is loaded stays"
    assert import_module("colorsys")
    assert sys.modules["json"] is json


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
