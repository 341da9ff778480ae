"""`mailbridge parse --json` over captured and hostile mails that lie outside the repository."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / os.environ.get("MAILBRIDGE_SAMPLES", "../shared")
ROW = ["path", "mail_id", "outcome", "reason", "parser", "interests"]

pytestmark = [pytest.mark.samples, pytest.mark.slow]


@pytest.mark.parametrize("folder", ["samples", "corpus"])
@pytest.mark.skipif(not (ROOT / "samples").is_dir(), reason="needs the samples")
def test_every_mail_gives_one_row_of_the_contract(folder):
    command = [sys.executable, "-m", "mailbridge", "parse", "--json", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=110)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) > 50
    for row in rows:
        assert [key for key in row if key != "index"] == ROW, row["path"]
        assert row["path"].startswith(f"{folder}/")
        assert row["outcome"] in {"parsed", "ignored", "quarantined"}
        assert (row["reason"] is None) is (row["outcome"] == "parsed"), row["path"]
        assert bool(row["interests"]) is (row["outcome"] == "parsed"), row["path"]
        assert '""' not in json.dumps(row["interests"]).replace('\\"', ""), row["path"]
