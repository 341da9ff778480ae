"""How far long work is: for a person at a terminal, on standard error, and for nobody else."""

import os
import pty
import subprocess
import sys

WORK = (
    "from mailbridge.cli.progress import progress\nwith progress('mails read', 3) as watch:\n watch(2)\nprint('result')"
)


def test_without_a_terminal_nothing_is_shown():
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("result\n", "")


def test_on_a_terminal_it_is_shown_beside_the_results():
    reader, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", WORK], stdout=subprocess.PIPE, stderr=terminal, check=True, timeout=60,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(terminal)
    shown = os.read(reader, 65536).decode()
    os.close(reader)
    assert done.stdout == b"result\n"
    assert "mails read" in shown
    assert "2/3" in shown
