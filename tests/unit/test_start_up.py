"""What a start costs: `mailbridge --help` loads no library that only work with mails and CRMs needs."""

import re
import subprocess
import sys

import pytest

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
