"""A ledger that this process may not write: which path it is and what to do, before anything is tried."""

import os
import subprocess
import sys
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from mailbridge.ledger.engine import LedgerError, LedgerFull, LedgerUnavailable, open_database
from mailbridge.ledger.file_rights import obstacle, stranger
from mailbridge.ledger.ledger import Ledger
from small_disk import small_disk

NOBODY = 65534
ASK = """
import os, pathlib, sys
from mailbridge.ledger.file_rights import obstacle
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
print(obstacle(pathlib.Path(sys.argv[1])))
"""


def asked(path):
    """Return the obstacle as an ordinary user meets it; root may write everything."""
    done = subprocess.run([sys.executable, "-c", ASK, str(path)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path):
    for parent in (tmp_path, *tmp_path.parents[:3]):  # pytest keeps its folders to itself
        if parent.stat().st_uid == os.getuid():
            parent.chmod(0o755)
    return tmp_path


@pytest.fixture
def closed(folder):
    made = folder / "closed"
    made.mkdir()
    made.chmod(0o555)
    yield made
    made.chmod(0o755)


def test_a_folder_that_may_not_be_written(closed):
    said = asked(closed / "ledger.db")
    assert said.startswith(f"{closed} belongs to ")
    assert "the ledger is made there: chown" in said
    assert asked(closed / "more" / "ledger.db") == said, "a folder that would have to be made there"


def test_a_file_in_a_folder_that_may_not_be_written(closed):
    closed.chmod(0o755)
    (closed / "ledger.db").touch()
    (closed / "ledger.db").chmod(0o666)
    closed.chmod(0o555)
    assert "SQLite keeps its journal beside the ledger" in asked(closed / "ledger.db")


@pytest.mark.parametrize("name", ["ledger.db", "ledger.db-journal", "ledger.db.reserve"])
def test_a_file_of_somebody_else(folder, name):
    folder.chmod(0o777)
    (folder / "ledger.db").touch()
    (folder / "ledger.db").chmod(0o666)
    (folder / name).touch()
    (folder / name).chmod(0o400)
    said = asked(folder / "ledger.db")
    assert said.startswith(f"{folder / name} belongs to ")
    assert f"chown {'nobody' if os.getuid() == 0 else ''}" in said


def test_what_is_no_place_for_a_file(tmp_path):
    (tmp_path / "file").touch()
    assert "is a folder" in obstacle(tmp_path)
    assert f"{tmp_path / 'file'} is not a folder" in obstacle(tmp_path / "file" / "ledger.db")
    with pytest.raises(LedgerError, match="is a folder") as caught:
        open_database(f"sqlite:///{tmp_path}")
    assert caught.value.exit_code == 74
    assert obstacle(tmp_path / "ledger.db") is None
    assert obstacle(tmp_path / "new" / "folder" / "ledger.db") is None


def test_root_is_warned_of_a_ledger_that_belongs_to_somebody_else(tmp_path):
    path = tmp_path / "ledger.db"
    Ledger(f"sqlite:///{path}").close()
    assert stranger(path) is None
    if os.getuid():
        pytest.skip("only root can give a file away")
    os.chown(path, NOBODY, NOBODY)
    with capture_logs() as logs:
        Ledger(f"sqlite:///{path}").close()
    (told,) = [one for one in logs if one["event"] == "ledger_owner"]
    assert f"{path} belongs to nobody" in told["error"]
    with capture_logs() as logs:
        Ledger(f"sqlite:///{path}", works=False).close()
    assert logs == [], "a command that looks is not worth a warning"


def test_a_file_system_that_turns_read_only_is_waited_out(tmp_path):
    with small_disk(tmp_path / "disk", 6) as disk:
        ledger = Ledger(f"sqlite:///{disk.folder}/ledger.db")
        ledger.accounts.add("a")
        ledger.database.close()  # nobody but a kernel can take away what is open
        disk.mount("ro")
        with pytest.raises(LedgerUnavailable, match="is read-only: mount it for writing"):
            ledger.accounts.add("b")
        assert ledger.accounts.state("a").paused_s == 0, "what is there can be read"
        with pytest.raises(LedgerError, match=f"the file system under {disk.folder} is read-only"):
            open_database(f"sqlite:///{disk.folder}/ledger.db")
        disk.mount("rw")
        with suppress(LedgerUnavailable):  # once, by a connection of the time when nothing could be written
            ledger.accounts.add("b")
        ledger.accounts.add("b")
        ledger.close()


def test_a_disk_without_any_room_says_what_helps(tmp_path):
    with small_disk(tmp_path / "disk", 2) as disk:
        disk.fill()
        with pytest.raises(LedgerFull, match="free some space on its disk"):
            open_database(f"sqlite:///{disk.folder}/ledger.db")
