"""The rehearsal: a backup is brought back after more was delivered, and no CRM gets anything twice."""

import signal

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


def held(world):
    """What the CRMs hold: ids by key, and how many objects of each kind."""
    return {name: (crm.keys(), crm.counts()) for name, crm in world.crms.items()}


def letter(number):
    head = f"From: Person {number} <p{number}@example.com>\r\nTo: leads@demo.example\r\nSubject: Question {number}\r\n"
    return f"{head}Message-ID: <{number}@example.com>\r\n\r\nHow much is number {number}?\r\n".encode()


def test_a_restored_backup_sends_nothing_twice_and_goes_on(running):
    config = ("-c", str(running.config))
    backup = str(running.folder / "ledger.bak")
    running.mail.append([letter(number) for number in range(4)])
    running.start("--new")
    assert running.await_calm(4, 60), running.log.read_text()[-3000:]
    made = running.run("backup", backup, *config)
    assert made.returncode == 0, made.stderr

    running.mail.append([letter(number) for number in range(4, 9)])
    assert running.await_calm(9, 60), running.log.read_text()[-3000:]
    before = held(running)
    assert all(len(keys) == 9 for keys, _ in before.values())
    refused = running.run("restore", backup, "--force", *config)
    assert refused.returncode == 75
    assert "stop it first" in refused.stderr
    assert running.stop() == 0
    assert running.run("restore", backup, *config).returncode == 74
    done = running.run("restore", backup, "--force", *config)
    assert done.returncode == 0, done.stderr
    assert "epoch 2" in done.stderr
    assert len(running.rows("mails")) == 4, "the backup knows nothing of the later ones"

    once = running.run("run", "--once", *config)
    assert once.returncode == 0, once.stdout + once.stderr
    assert held(running) == before, "the five were searched and found"
    assert len(running.rows("mails")) == 9

    running.mail.append([letter(9)])
    assert running.run("run", "--once", *config).returncode == 0
    assert all(len(keys) == 10 for keys, _ in held(running).values()), "what is new is delivered as ever"
    assert running.duplicates() == []


def test_a_restore_after_a_crash_with_open_deliveries(running):
    """The daemon dies with deliveries under way that the backup knows as ready."""
    config = ("-c", str(running.config))
    backup = str(running.folder / "ledger.bak")
    text = running.config.read_text()
    running.config.write_text(text.replace(running.addresses["amo"], "http://127.0.0.1:1"))
    running.mail.append([letter(number) for number in range(5)])
    running.run("run", "--once", *config)
    assert running.run("backup", backup, *config).returncode == 0

    running.config.write_text(text)
    running.run("deliveries", "resume", "amo", *config)
    running.start()
    assert running.await_calm(5, 60), running.log.read_text()[-3000:]
    running.stop(signal.SIGKILL)
    (running.folder / "mailbridge.db").unlink()
    before = held(running)
    assert running.run("restore", backup, *config).returncode == 0
    assert {row["state"] for row in running.rows("deliveries") if row["sink"] == "amo"} == {"doubt"}
    running.run("deliveries", "resume", "amo", *config)
    assert running.run("run", "--once", *config).returncode == 0
    assert held(running) == before
