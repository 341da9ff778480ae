"""A preset in the real daemon: configuration file, ledger, sockets; an answer is lost on the way."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mailbridge.config import load_settings
from mailbridge.testing.emulator import Fault
from mailbridge.testing.hubspot import HubspotEmulator
from mailbridge.testing.server import serve

FIXTURES = Path(__file__).parents[3] / "fixtures" / "mails" / "wordpress"


@pytest.fixture
def config(tmp_path):
    mails = tmp_path / "mails"
    mails.mkdir()
    for number, case in enumerate(sorted(FIXTURES.glob("comment_*/mail.eml"))[:3]):
        (mails / f"{number}.eml").write_bytes(case.read_bytes())
    (tmp_path / "token").write_text("demo-token\n")

    def write(address):
        path = tmp_path / "config.toml"
        path.write_text(
            f'[mailboxes.drop]\ntype = "directory"\npath = "mails"\n[sinks.hub]\ntype = "rest"\npreset = "hubspot"\n'
            f'url = "{address}"\ntoken_file = "token"\nserver_acts_s = 0\nsearch_lag_s = 0\nlanguage = "en"\n'
        )
        return path

    return write


def mailbridge(*words):
    command = [sys.executable, "-m", "mailbridge", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


def test_a_preset_delivers_once_though_an_answer_is_lost(config):
    emulator = HubspotEmulator()
    emulator.faults.append(Fault("drop_after", path="/deals/batch/create"))
    with serve(emulator) as address:
        path = config(address)
        deadline = time.monotonic() + 90
        done = mailbridge("run", "--once", "--new", "-c", path)
        while done.returncode in {69, 75} and time.monotonic() < deadline:
            done = mailbridge("run", "--once", "-c", path)
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in mailbridge("deliveries", "list", "--json", "-c", path).stdout.splitlines()]
    assert {row["state"] for row in rows} == {"delivered"}
    assert {key: len(ids) for key, ids in emulator.keys().items()} == {row["key"]: 1 for row in rows}
    assert not emulator.faults or not emulator.faults[0].times


def test_a_preset_brings_the_pace_of_its_api_and_the_file_goes_over_it(config, tmp_path):
    path = config("https://api.hub.example")
    assert load_settings(path).sinks["hub"].rate_per_s == 9.0
    path.write_text(path.read_text() + "rate_per_s = 3\n")
    assert load_settings(path).sinks["hub"].rate_per_s == 3.0
