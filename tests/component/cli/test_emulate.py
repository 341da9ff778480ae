"""`mailbridge emulate` as a process: says where it is, answers, writes its journal, ends by Ctrl-C."""

import json
import signal
import socket
import subprocess
import sys

import httpx
import pytest

EMULATE = [sys.executable, "-m", "mailbridge", "emulate"]


@pytest.mark.parametrize(
    ("crm", "path"),
    [("amocrm", "/api/v4/account"), ("bitrix24", "/rest/1/demo-token/profile"), ("salesforce", "/services/data")],
)
def test_a_crm_is_emulated_until_somebody_ends_it(tmp_path, crm, path):
    journal = tmp_path / "journal.jsonl"
    with subprocess.Popen(
        [*EMULATE, crm, "--journal", str(journal)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            words = process.stderr.readline().split()
            assert words[:2] == [crm, "at"]
            address = "/".join(words[2].split("/")[:3])
            with httpx.Client(base_url=address, headers={"Authorization": "Bearer demo-token"}) as client:
                assert client.get(path).status_code == 200
                assert client.get("/_emulator/keys").json() == {}
        finally:
            process.send_signal(signal.SIGINT)
        told, output = process.stderr.read(), process.stdout.read()
    assert (process.returncode, output) == (0, "")
    assert "_emulator/faults" in told
    assert [entry["path"] for entry in map(json.loads, journal.read_text().splitlines())] == [path]


def refused(*arguments):
    done = subprocess.run([*EMULATE, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_a_port_that_is_taken_and_a_journal_that_can_not_be_written_are_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        words = f"mailbridge: port {port} can't be used: Address already in use; --port 0 takes a free one\n"
        assert refused("amocrm", "--port", port) == (64, words)
    assert refused("amocrm", "--journal", tmp_path) == (74, f"mailbridge: {tmp_path}: Is a directory\n")
