"""A ledger file on the wrong disk, and one that is taken away while the program works on it."""

from pathlib import Path

import pytest

from mailbridge.ledger.engine import LedgerRefused, open_database
from mailbridge.ledger.errors import LedgerGone
from mailbridge.ledger.file_place import MOUNTS, file_system, refuse_network

MOUNT_LINES = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /srv rw - nfs4 server:/export rw
31 30 254:1 / /srv/local rw - xfs /dev/vdb rw
32 22 0:41 / /mnt/two\\040words rw master:3 - cifs //server/share rw
"""


@pytest.fixture
def mounts(tmp_path):
    path = tmp_path / "mountinfo"
    path.write_text(MOUNT_LINES)
    return path


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/var/lib/l.db", "ext4"), ("/srv/l.db", "nfs4"), ("/srv/local/l.db", "xfs"), ("/mnt/two words/l.db", "cifs")],
)
def test_the_deepest_mount_says_which_file_system_it_is(mounts, tmp_path, path, kind):
    assert file_system(Path(path), mounts) == kind


def test_a_network_file_system_is_refused_before_anything_is_made(mounts, tmp_path):
    with pytest.raises(LedgerRefused, match=r"network file system \(nfs4\).*local disk, or a PostgreSQL"):
        refuse_network(Path("/srv/l.db"), mounts)
    refuse_network(Path("/srv/l.db"), tmp_path / "no such file")


@pytest.mark.skipif(not MOUNTS.exists(), reason="only Linux tells its mounts so")
def test_this_machine_tells_the_file_system_of_a_path(tmp_path):
    assert file_system(tmp_path / "l.db")


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_written_into_a_file_that_was_taken_away(tmp_path, replaced):
    path = tmp_path / "ledger.db"
    database = open_database(f"sqlite:///{path}")
    path.rename(tmp_path / "elsewhere.db")
    if replaced:
        path.write_bytes((tmp_path / "elsewhere.db").read_bytes())
    with pytest.raises(LedgerGone, match="was removed or replaced"), database.write():
        pass
    database.close()
