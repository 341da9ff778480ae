"""Completion as people use it: a real bash and a real zsh on a terminal, and the tab key."""

import contextlib
import os
import pty
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

WAIT_S = 60
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "PS1='READY> '; eval \"$(mailbridge --show-completion)\""),
    "zsh": (
        ["zsh", "-f", "-i"],
        "PS1='READY> '; autoload -U compinit; compinit -u -D; eval \"$(mailbridge --show-completion)\"",
    ),
}


class Terminal:
    """A shell on a terminal."""

    def __init__(self, command, folder):
        self._shown = ""
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
            os.chdir(folder)
            os.execvpe(command[0], command, {"PATH": path, "HOME": str(folder), "TERM": "dumb", "LANG": "C.UTF-8"})

    def type(self, text):
        os.write(self.end, text.encode())

    def shows(self, words):
        """Wait until these words come; what follows them waits for the next question."""
        deadline = time.monotonic() + WAIT_S
        while words not in self._shown and time.monotonic() < deadline:
            if select.select([self.end], [], [], 0.2)[0]:
                with contextlib.suppress(OSError):
                    self._shown += os.read(self.end, 4096).decode(errors="replace")
        before, found, self._shown = self._shown.partition(words)
        assert found, before

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.end)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_completes_commands_and_options(shell, tmp_path):
    if shutil.which(shell) is None:
        (pytest.fail if os.environ.get("MAILBRIDGE_CI") else pytest.skip)(f"no {shell} here")
    command, load = SHELLS[shell]
    terminal = Terminal(command, tmp_path)
    try:
        terminal.type(f"{load}; echo LOA''DED\n")
        terminal.shows("LOADED")
        terminal.shows("READY> ")
        terminal.type("mailbridge deliv\t")
        terminal.shows("eries")
        terminal.type("\x15mailbridge run --backf\t")
        terminal.shows("ill")
    finally:
        terminal.close()
