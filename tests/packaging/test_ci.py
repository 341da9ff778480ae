"""What a build server runs finds out by itself what a bare machine lacks."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SBIN = ("/usr/sbin", "/usr/local/sbin")


@pytest.mark.skipif(any(shutil.which("make", path=folder) for folder in SBIN), reason="this system has no bare path")
def test_a_machine_without_anything_is_told_what_to_install(tmp_path):
    for tool in ("sh", "dirname", "id", "env"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    done = subprocess.run(
        [tmp_path / "sh", ROOT / ".ci" / "run"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("install these first, as your system calls them: make git python3 python3-venv")
    assert len(done.stderr.splitlines()) == 1
