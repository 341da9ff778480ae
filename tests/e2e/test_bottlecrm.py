"""The whole way into a real CRM: mails in a folder, the daemon, the rest sink's preset, BottleCRM with PostgreSQL."""

import json
import subprocess
import sys
import time
from email.message import EmailMessage

import pytest

from e2e.bottlecrm import HINT, BottleCrm, Missing
from mailbridge.testing.proxy import Trouble, fault_proxy
from postgres import Postgres, program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]


@pytest.fixture(scope="session")
def bottlecrm():
    if program("initdb") is None:
        pytest.skip(HINT.format("no PostgreSQL"))
    server = Postgres()
    try:
        server.make()
        server.start()
        crm = BottleCrm(server)
        try:
            crm.prepare()
        except Missing as error:
            pytest.skip(str(error))
        yield crm
    finally:
        server.stop()


@pytest.fixture(scope="module")
def account(bottlecrm):
    with bottlecrm.running() as running:
        yield running


class Bridge:
    """A folder with mails and a configuration."""

    def __init__(self, folder, account, address=None, **settings):
        self.folder = folder
        self.mails = folder / "mails"
        self.mails.mkdir()
        values = {"url": address or account.address, "token": account.key, "read_token": account.token, **settings}
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
        (folder / "config.toml").write_text(
            f'[mailboxes.drop]\ntype = "directory"\npath = "mails"\n[sinks.crm]\ntype = "rest"\npreset = "bottlecrm"\n'
            f'account_id = "{folder.name}"\nserver_acts_s = 1\nsearch_lag_s = 0\n{lines}\n'
            f'[sinks.crm.values]\nintake = "{account.intake}"\n'
        )

    def write(self, number, text, *, sender=None):
        mail = EmailMessage()
        mail["From"] = sender or f"Anna Wood {number} <anna{number}.{self.folder.name}@people.example>"
        mail["To"] = "leads@stoves.example"
        mail["Subject"] = f"Stove {number}"
        mail["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
        mail["Message-ID"] = f"<{number}.{self.folder.name}@people.example>"
        mail.set_content(text)
        (self.mails / f"{number:03}.eml").write_bytes(mail.as_bytes())

    def run(self, *words):
        return subprocess.run(
            [sys.executable, "-m", "mailbridge", *words, "-c", str(self.folder / "config.toml")],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def cycle(self, *words, patience_s=240):
        """Run cycles until all is final; return how many it took."""
        deadline, count = time.monotonic() + patience_s, 0
        while True:
            count += 1
            done = self.run("run", "--once", *words)
            if done.returncode == 0:
                return count
            assert done.returncode in {69, 75}, done.stderr
            assert time.monotonic() < deadline, done.stderr
            time.sleep(1)

    def deliveries(self):
        return [json.loads(line) for line in self.run("deliveries", "list", "--json").stdout.splitlines()]

    def lose_ledger(self):
        for file in self.folder.glob("mailbridge.db*"):
            file.unlink()


@pytest.fixture
def bridge(tmp_path, account):
    return Bridge(tmp_path, account)


def leads_of(account, bridge):
    """Return our key → lead, for what this bridge delivered."""
    keys = {row["key"] for row in bridge.deliveries()}
    found = {}
    for lead in account.leads():
        if lead["external_id"] in keys:
            assert lead["external_id"] not in found, "two leads of one key"
            found[lead["external_id"]] = lead
    return found


def test_mails_become_leads_with_the_whole_card(bridge, account):
    for number in range(1, 7):
        bridge.write(number, f"Do you have brick {number}? 🧱\nAnd in red?")
    bridge.cycle("--new")
    leads = leads_of(account, bridge)
    assert sorted(leads) == sorted(row["key"] for row in bridge.deliveries())
    assert len(leads) == 6
    for key, lead in leads.items():
        assert lead["first_name"] == "Anna"
        assert lead["last_name"].startswith("Wood")
        assert lead["email"].endswith("@people.example")
        assert "🧱\nAnd in red?" in lead["description"]
        assert lead["description"].endswith(key)
    assert {row["state"] for row in bridge.deliveries()} == {"delivered"}


def test_a_lost_ledger_doubles_nothing(bridge, account):
    for number in range(1, 5):
        bridge.write(number, f"A stove for {number} rooms?")
    bridge.cycle("--new")
    before = leads_of(account, bridge)
    bridge.lose_ledger()
    bridge.cycle()
    assert leads_of(account, bridge).keys() == before.keys()
    assert len(before) == 4
    assert all(len(account.enquiries(lead["id"])) == 1 for lead in before.values())


def test_an_answer_that_is_lost_doubles_nothing(tmp_path, account):
    with fault_proxy(int(account.address.rpartition(":")[2])) as proxy:
        bridge = Bridge(tmp_path, account, f"http://127.0.0.1:{proxy.port}", timeout_s=10)
        for number in range(1, 4):
            bridge.write(number, f"Question {number}")
        assert bridge.run("check", "--connect").returncode == 0
        proxy.trouble = Trouble("cut", "to_client", after_bytes=400)  # checks pass, later answers are cut
        bridge.run("run", "--once", "--new")
        proxy.trouble = None
        bridge.cycle()
        assert proxy.met["cut"]
    leads = leads_of(account, bridge)
    assert len(leads) == 3
    assert all(len(account.enquiries(lead["id"])) == 1 for lead in leads.values())


def test_one_person_is_one_lead_with_every_enquiry(bridge, account):
    sender = "Olga Stone <olga.stone@people.example>"
    bridge.write(1, "First question, about bricks", sender=sender)
    bridge.write(2, "Second question, about mortar", sender=sender)
    bridge.cycle("--new")
    rows = bridge.deliveries()
    assert len(rows) == 2
    (lead,) = [one for one in account.leads() if one["email"] == "olga.stone@people.example"]
    bodies = "\n".join(one["body"] for one in account.enquiries(lead["id"]))
    assert "about bricks" in bodies
    assert "about mortar" in bodies
    assert {row["remote_id"] for row in rows} == {lead["id"]}


def test_a_limit_is_waited_for(tmp_path, bottlecrm):
    with bottlecrm.running(LEAD_INTAKE_THROTTLE_MINUTE="5/min") as account:
        bridge = Bridge(tmp_path, account, rate_per_s=50)
        for number in range(1, 9):
            bridge.write(number, f"Question {number}")
        first = bridge.run("run", "--once", "--new")
        assert first.returncode in {69, 75}, first.stderr
        assert "429" in first.stderr
        assert len(leads_of(account, bridge)) == 5
        bridge.cycle()
        assert len(leads_of(account, bridge)) == 8
        assert {row["state"] for row in bridge.deliveries()} == {"delivered"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"read_token": "bcrm_pat_wrong"}, "read_token is not an administrator's"), ({}, "")],
    ids=["wrong", "right"],
)
def test_check_says_what_is_wrong(tmp_path, account, settings, words):
    done = Bridge(tmp_path, account, **settings).run("check", "--connect")
    assert done.returncode == (77 if words else 0)
    assert words in done.stdout


def test_check_misses_a_webhook_that_is_not_there(tmp_path, account):
    bridge = Bridge(tmp_path, account)
    config = bridge.folder / "config.toml"
    config.write_text(config.read_text().replace(account.intake, "00000000-0000-4000-8000-000000000000"))
    done = bridge.run("check", "--connect")
    assert done.returncode == 77
    assert "there is no active lead webhook" in done.stdout


def test_a_wrong_key_pauses_the_sink_and_loses_nothing(tmp_path, account):
    bridge = Bridge(tmp_path, account, token="no-such-key")
    bridge.write(1, "Question")
    done = bridge.run("run", "--once", "--new")
    assert done.returncode in {75, 77}
    assert "Wrong key" in done.stderr
    assert {row["state"] for row in bridge.deliveries()} <= {"ready", "waiting"}
