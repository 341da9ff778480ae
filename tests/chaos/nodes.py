"""The daemon as it runs in production: processes that are killed, frozen and started again."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path


class Node:
    """One daemon that is started anew whenever it ends, as a service manager does it.

    Attributes:
        log: What it and its predecessors said.
        deaths: Exit codes of ends that nobody asked for.
    """

    def __init__(self, number: int, config: Path, log: Path) -> None:
        self.number = number
        self.log = log
        self.deaths: list[int] = []
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []
        self._began_at = 0

    def start(self, *more: str) -> None:
        """Start the daemon; `more` are options of this first start."""
        command = [sys.executable, "-m", "mailbridge", "run", "-c", str(self._config), *more]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MAILBRIDGE_")}
        with self.log.open("ab") as log:
            self._began_at = log.tell()
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean, start_new_session=True
            )
        self._groups.append(self._process.pid)

    @property
    def pid(self) -> int:
        """Process id of the daemon, 0 when there is none."""
        return self._process.pid if self._process is not None else 0

    def await_start(self, timeout_s: float = 60) -> bool:
        """Wait until it works; return whether it came to that."""
        deadline = time.monotonic() + timeout_s
        while b'"event": "started"' not in self._said():
            if time.monotonic() > deadline or self._process is None or self._process.poll() is not None:
                return False
            time.sleep(0.02)
        return True

    def _said(self) -> bytes:
        with self.log.open("rb") as log:
            log.seek(self._began_at)
            return log.read()

    def kill(self) -> None:
        """SIGKILL to the daemon alone; its helper processes have to end by themselves."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()  # a zombie would look alive to its neighbours

    def freeze(self) -> None:
        """SIGSTOP to the whole node, as a paused virtual machine."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def tend(self) -> None:
        """Start it again when it ended by itself, and note that."""
        if self._process is not None and self._process.poll() is not None:
            self.deaths.append(self._process.returncode)
            self.start()

    def stop(self) -> int:
        """End it by SIGTERM; return the exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.terminate()
        try:
            return process.wait(45)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(10)

    def sweep(self) -> int:
        """End what is left of it and its predecessors; return how many groups of processes were left."""
        if self._process is not None:
            self.kill()
            self._process = None
        left = 0
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
                left += 1
        return left

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)
