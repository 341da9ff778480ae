"""Somebody follows docs/install.md step by step, against a real mail server and an emulated CRM."""

import imaplib
import itertools
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chat_target import ChatTarget
from dovecot import PASSWORD
from mailbridge.cli import _run
from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.server import serve

pytestmark = pytest.mark.dovecot
ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("mailbridge")
INSTALLED = "/opt/mailbridge/bin/mailbridge"
NOT_HERE = ("useradd", "install -d -o", "/opt/mailbridge/bin/pip", "systemctl ", "ln -s", "python3 -m venv")
"""What changes a machine for good."""
QUESTION = (
    b"From: Ann <ann@example.com>\r\nSubject: Stove\r\nMessage-ID: <%d@example.com>\r\n\r\nWhat is the price?\r\n"
)


class Machine:
    """An empty machine: its folders lie in one of ours."""

    def __init__(self, folder, user, crm_url, chat_url, monkeypatch, capfd):
        self.folder = folder
        self._monkeypatch, self._capfd = monkeypatch, capfd
        monkeypatch.setenv("MAILBRIDGE_RUN__PARSE_WORKERS", "0")
        for name in ("etc/mailbridge", "etc/systemd/system", "var/lib/mailbridge"):
            (folder / name).mkdir(parents=True, mode=0o700)
        server = f'host = "127.0.0.1"\nport = {user.server.tls_port}\nca_file = "{user.server.ca_file}"'
        self.places = {
            "/etc/": f"{folder}/etc/",
            "/var/lib/mailbridge": f"{folder}/var/lib/mailbridge",
            'host = "imap.example.org"': server,
            "leads@example.org": user.name,
            "https://example.amocrm.ru": crm_url,
            " deploy/": f" {ROOT}/deploy/",
            "tgram://BOT_TOKEN/CHAT_ID": chat_url,
        }
        for name, secret in {"imap": PASSWORD, "crm": "demo-token"}.items():
            (folder / "etc" / "mailbridge" / f"{name}.secret").write_text(secret + "\n")
            (folder / "etc" / "mailbridge" / f"{name}.secret").chmod(0o600)

    def here(self, text):
        for there, here in self.places.items():
            text = text.replace(there, here)
        return text

    def does(self, *steps):
        """Run the commands of a step; return what they say."""
        lines = [line for step in steps for line in step.splitlines() if not line.startswith(NOT_HERE)]
        parts = itertools.groupby(self.here("\n".join(lines)).splitlines(), lambda line: line.startswith("mailbridge "))
        return "".join(self._ours(part) if is_ours else _bash(part) for is_ours, part in parts)

    def _ours(self, lines):
        """Run commands of mailbridge in this process: each start of a process costs seconds."""
        said = ""
        for line in lines:
            self._monkeypatch.setattr(sys, "argv", shlex.split(line))
            self._capfd.readouterr()
            code = _run()
            captured = self._capfd.readouterr()
            said += captured.out + captured.err
            assert code == 0, f"{line}\n{said}"
        return said


def _bash(lines):
    script = "\n".join(["set -e", *lines])
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def steps():
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0]: re.findall(r"^```sh\n(.*?)^```", part, re.MULTILINE | re.DOTALL) for part in parts}


def test_from_an_empty_machine_to_a_running_service(tmp_path, mailbox_user, steps, monkeypatch, capfd):
    crm = AmocrmEmulator(rate_per_s=None)
    # Servers tell whole seconds, and what came in the second of `init` is delivered rather than lost.
    hour_ago = imaplib.Time2Internaldate(time.time() - 3600).strip('"')
    mailbox_user.deliver(QUESTION % 1, received=hour_ago)
    with serve(crm) as url, ChatTarget() as chat:
        machine = Machine(tmp_path, mailbox_user, url, chat.url, monkeypatch, capfd)
        assert "1  email message" in machine.does(*steps["3. Mailbox and CRM"])
        assert "FAIL" not in machine.does(*steps["4. Check"])
        mailbox_user.deliver(QUESTION % 2)
        assert "delivered" in machine.does(*steps["5. Try it once"])
        assert len(crm.keys()) == 1, "from now on: the mail of before is not delivered"
        unit = unit_of(machine, *steps["6. As a service"])
        runs_as_the_unit_says(unit, machine, mailbox_user, crm, *steps["7. See that it lives"])
        machine.does(*steps["8. Be told"])
        (message,) = chat.messages
        assert "this is a test" in message


def unit_of(machine, step):
    """Install and verify the unit with the program of this machine; return its text."""
    if shutil.which("systemd-analyze") is None:
        assert not os.environ.get("MAILBRIDGE_CI"), "no systemd-analyze here: Debian has it in systemd"
        step = step.replace("systemd-analyze verify", "test -f")
    install, *rest = step.splitlines(keepends=True)
    own = f"sed -i s,{INSTALLED},{PROGRAM}, /etc/systemd/system/mailbridge.service\n"
    assert machine.does("".join([install, own, *rest])) == ""
    return (machine.folder / "etc" / "systemd" / "system" / "mailbridge.service").read_text()


def runs_as_the_unit_says(unit, machine, mailbox_user, crm, health):
    command = machine.here(re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1]).split()
    with (machine.folder / "journal").open("wb") as journal:
        daemon = subprocess.Popen(command, stdout=journal, stderr=journal)
    try:
        mailbox_user.deliver(QUESTION % 3)
        deadline = time.monotonic() + 60
        while len(crm.keys()) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(crm.keys()) == 2, (machine.folder / "journal").read_text()
        assert "ok   mailbox main: proven in sync" in machine.does(health)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(60) == 0
    finally:
        daemon.kill()
        daemon.wait(10)


def test_every_command_of_the_page_is_tried_or_changes_a_machine_for_good(steps):
    changing = ("1. Install", "2. A user for it", "9. Completion", "Upgrade")
    for name, commands in steps.items():
        for line in "".join(commands).splitlines():
            assert name not in changing or line.startswith(NOT_HERE), line
