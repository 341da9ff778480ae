"""Whatever the umask: what holds personal data or secrets is readable by its owner only."""

import os
import stat

import pytest

ALLOWED = ("config.toml", "mails", "1.eml")
"""What the test itself has made."""


@pytest.fixture
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def loose(folder):
    return {
        str(path.relative_to(folder)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in folder.rglob("*")
        if path.name not in ALLOWED and stat.S_IMODE(path.stat().st_mode) & 0o077
    }


def test_everything_that_commands_write_is_private(office, open_umask):
    office.configure((office.folder / "config.toml").read_text() + "[http]\nport = 0\n")
    office.arrive(1)
    for command in (
        "run --once --new",
        "export --person p1@example.com --raw out/of/anna",
        "doctor --bundle bundle.zip",
        "backup copies/copy.db",
        "erase --person p1@example.com --yes",
    ):
        (office.folder / "copies").mkdir(mode=0o700, exist_ok=True)
        code, _, err = office.run(*command.split())
        assert code in {0, 69, 77}, (command, err)
        assert loose(office.folder) == {}, command
    names = {path.name for path in office.folder.rglob("*")}
    assert {"ledger.db", "out.jsonl", "bundle.zip", "copy.db"} <= names
    assert any(name.endswith(".eml") for name in names - {"1.eml"})
