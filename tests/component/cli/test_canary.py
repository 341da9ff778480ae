"""Secrets are in the configuration and nowhere else: canaries are looked for in all that any command writes."""

import pytest

CANARIES = ("canary-imap-password", "canary-amo-token", "canary-bitrix-webhook", "canary-salesforce-token")
COMMANDS = (
    "check", "check --connect", "run --once --new", "run --once", "config show", "config show --json", "health --json",
    "mails --json", "interests --json", "deliveries --json", "nodes --json", "audit", "plugins --json",
    "backup copy.db",
)  # fmt: skip


@pytest.fixture
def full_of_secrets(crms, dovecot):
    """Mailbox and CRMs refuse what the configuration says, which is where secrets come to light."""
    text = (crms.folder / "config.toml").read_text()
    text = text.replace('level = "ERROR"', 'level = "DEBUG"').replace("parse_workers = 0", "parse_workers = 1")
    text = text.replace("/rest/1/demo-token/", f"/rest/1/{CANARIES[2]}/")
    for name, token in (("amo", CANARIES[1]), ("salesforce", CANARIES[3])):
        before, _, after = text.partition(f"[sinks.{name}]")
        text = before + f"[sinks.{name}]" + after.replace("demo-token", token, 1)
    text += (
        f'[mailboxes.server]\ntype = "imap"\nhost = "127.0.0.1"\nport = {dovecot.plain_port}\ntls = "none"\n'
        f'username = "nobody"\npassword = "{CANARIES[0]}"\ntimeout_s = 5\n'
    )
    crms.configure(text)
    crms.arrive(1)
    return crms


@pytest.mark.dovecot
def test_no_command_writes_a_secret(full_of_secrets):
    office = full_of_secrets
    assert all(one in (office.folder / "config.toml").read_text() for one in CANARIES)
    for command in COMMANDS:
        code, out, err = office.run(*command.split())
        assert code != 70, err
        assert [one for one in CANARIES if one in out + err] == [], command
    assert "••••" in office.run("config", "show")[1] or "**" in office.run("config", "show")[1]
    for path in office.folder.rglob("*"):
        if path.is_file() and path.name != "config.toml":
            assert [one for one in CANARIES if one.encode() in path.read_bytes()] == [], path.name
