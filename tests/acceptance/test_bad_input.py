"""Every mistake: one clear line that says what to do, the right exit code, no traceback."""

import os
import subprocess
import sys

import pytest

CONFIG = """
[ledger]
url = "sqlite:///ledger.db"
[mailboxes.box]
type = "directory"
path = "mails"
[sinks.out]
type = "jsonl"
path = "out.jsonl"
"""


def mailbridge(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "mailbridge", *map(str, arguments)], capture_output=True, text=True, check=False,
        cwd=cwd, env={**os.environ, **environment}, timeout=90,
    )  # fmt: skip


def refused(done, code, *words):
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr + done.stdout, done.stderr
    return done


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mails").mkdir()
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def test_no_configuration(tmp_path):
    refused(mailbridge("run", cwd=tmp_path), 78, "config.toml", "mailbridge init")


def test_a_configuration_that_is_no_toml(folder):
    (folder / "config.toml").write_text("[ledger\n")
    refused(mailbridge("check", cwd=folder), 78, "is not TOML", "line 1")


def test_all_problems_of_a_configuration_at_once(folder):
    (folder / "config.toml").write_text(
        CONFIG.replace("path = ", "pth = ") + '[sinks.amo]\ntype = "amocmr"\n[mailboxes.two]\ntype = "imap"\n'
    )
    done = refused(mailbridge("check", cwd=folder), 78, "did you mean 'path'?", "did you mean 'amocrm'?")
    assert "[mailboxes.two] host: is missing" in done.stderr
    assert "[mailboxes.two] username: is missing" in done.stderr


def test_a_secret_file_that_is_not_there(folder):
    (folder / "config.toml").write_text(
        CONFIG + '[sinks.amo]\ntype = "amocrm"\nurl = "https://x.amocrm.ru"\ntoken_file = "nowhere"\n'
    )
    refused(mailbridge("check", cwd=folder), 78, "[sinks.amo] token_file", "nowhere")


def test_settings_from_the_environment(folder):
    refused(mailbridge("check", cwd=folder, MAILBRIDGE_MAILBOXES__BOX__POLL_S="never"), 78, "[mailboxes.box] poll_s")


def test_a_mailbox_folder_that_is_not_there(folder):
    (folder / "mails").rmdir()
    refused(mailbridge("run", "--once", cwd=folder), 74, "mails")
    refused(mailbridge("check", "--connect", cwd=folder), 74, "mails")


def test_an_imap_server_that_is_not_there(folder):
    box = (
        '[mailboxes.imap]\ntype = "imap"\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nusername = "u"\npassword = "p"\n'
    )
    (folder / "config.toml").write_text(CONFIG + box)
    refused(mailbridge("run", "--once", cwd=folder), 69, "127.0.0.1")


def test_a_ledger_that_may_not_be_made(folder):
    (folder / "config.toml").write_text(CONFIG.replace("sqlite:///ledger.db", "sqlite:////proc/ledger.db"))
    refused(mailbridge("run", "--once", cwd=folder), 74, "/proc/ledger.db")


def test_parse_without_mails_and_without_a_path(tmp_path):
    refused(mailbridge("parse", tmp_path), 65, str(tmp_path))
    refused(mailbridge("parse", tmp_path / "nowhere.eml"), 74, "nowhere.eml")
    refused(mailbridge("parse"), 64, "PATH")
    refused(mailbridge("no-such-command"), 64, "no-such-command")


def test_looking_into_a_ledger_that_is_not_there_makes_none(folder):
    refused(mailbridge("mails", "list", cwd=folder), 74, "there is none yet")
    assert not (folder / "ledger.db").exists()


@pytest.mark.slow
class TestWithServers:
    def test_wrong_password_and_missing_folder(self, running):
        text = running.config.read_text()
        running.config.write_text(text.replace("demo-password", "wrong"))
        refused(running.run("run", "--once", "-c", str(running.config)), 77, "demo", "password")
        refused(running.run("check", "--connect", "-c", str(running.config)), 77, "mailbox demo")
        running.config.write_text(text.replace("poll_s = 1", 'poll_s = 1\nfolder = "Leads"'))
        refused(running.run("run", "--once", "-c", str(running.config)), 78, "Leads")

    def test_wrong_token_of_each_crm(self, running):
        text = running.config.read_text()
        running.mail.send_words("Question", "How much is the fish?")
        running.config.write_text(text.replace("demo-token", "wrong-token"))
        done = running.run("check", "--connect", "-c", str(running.config))
        assert done.returncode == 77, done.stdout
        for sink in ("amo", "bitrix", "salesforce"):
            assert f"FAIL sink {sink}" in done.stdout
        assert "wrong-token" not in done.stdout + done.stderr
        once = running.run("run", "--once", "-c", str(running.config))
        assert once.returncode == 77, once.stderr
        assert "wrong-token" not in once.stdout + once.stderr

    def test_a_crm_that_is_down_keeps_the_mail_waiting(self, running):
        text = running.config.read_text()
        running.mail.send_words("Question", "How much is the fish?")
        running.config.write_text(text.replace(running.addresses["amo"], "http://127.0.0.1:1"))
        done = running.run("run", "--once", "-c", str(running.config))
        assert done.returncode == 69, done.stderr
        assert len(running.crms["bitrix"].keys()) == 1, "one broken sink never holds up another"
        running.config.write_text(text)
        running.run("deliveries", "resume", "amo", "-c", str(running.config))
        assert running.run("run", "--once", "-c", str(running.config)).returncode == 0
        assert len(running.crms["amo"].keys()) == 1
