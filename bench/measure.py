"""What a command costs: time, CPU and memory of all its processes, and tables of it."""

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of a command.

    Attributes:
        seconds: From its start to its end.
        cpu_s: User and system time of all its processes.
        peak_bytes: Most proportional memory (PSS) of all its processes at one moment, sampled.
        printed: What it wrote to standard output.
    """

    seconds: float
    cpu_s: float
    peak_bytes: int
    printed: str = ""

    @property
    def said(self) -> dict[str, float]:
        """The JSON object in its last line of output."""
        found: dict[str, float] = json.loads(self.printed.strip().splitlines()[-1])
        return found


class Watch:
    """Samples a process and its children until it is told to stop."""

    def __init__(self, pid: int, every_s: float = 0.1) -> None:
        self._root = psutil.Process(pid)
        self._every_s = every_s
        self._cpu: dict[tuple[int, float], float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.peak_bytes = 0
        self._thread.start()

    def stop(self) -> None:
        """Take the last sample."""
        self._stop.set()
        self._thread.join()

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all processes that were ever seen."""
        return sum(self._cpu.values())

    def _run(self) -> None:
        while not self._stop.is_set():
            self.sample()
            self._stop.wait(self._every_s)

    def sample(self) -> int:
        """Look once; return the memory of all processes now."""
        total = 0
        for process in self._all():
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    self._cpu[process.pid, process.create_time()] = times.user + times.system
                    total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        self.peak_bytes = max(self.peak_bytes, total)
        return total

    def _all(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None, accept: Sequence[int] = (0,)) -> Cost:
    """Run a command to its end.

    Raises:
        RuntimeError: It ended with another exit code; what it wrote to standard error is in the message.
    """
    with tempfile.TemporaryFile("w+") as errors:
        began = time.monotonic()
        before = os.times()
        process = subprocess.Popen(
            command, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        watch = Watch(process.pid)
        printed, _ = process.communicate()
        seconds = time.monotonic() - began
        watch.stop()
        after = os.times()
        if process.returncode not in accept:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}\n{errors.read()[-3000:]}")
    reaped = after.children_user + after.children_system - before.children_user - before.children_system
    # A fork server's children are not reaped by the command, so they are only in the samples.
    return Cost(seconds, max(reaped, watch.cpu_s), watch.peak_bytes, printed)


def rounds(contenders: Mapping[str, Callable[[], Cost]], count: int) -> dict[str, list[Cost]]:
    """Run all contenders in turn, so often: what disturbs the machine then disturbs all of them."""
    found: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _ in range(count):
        for name, contend in contenders.items():
            found[name].append(contend())
    return found


def table(costs: Mapping[str, Sequence[Cost]], mails: int, first: str) -> str:
    """Return a Markdown table: medians, the spread, and ratios against one contender, round by round."""
    lines = [
        f"| | mails/s | spread | against {first} | CPU s per 1,000 mails | peak memory, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, runs in costs.items():
        rates = [mails / run.seconds for run in runs]
        ratio = median(base.seconds / run.seconds for base, run in zip(costs[first], runs, strict=True))
        cpu_s, peak_bytes = median(run.cpu_s for run in runs), median(run.peak_bytes for run in runs)
        lines.append(
            f"| {name} | {median(rates):,.0f} | {(max(rates) - min(rates)) / median(rates):.0%} | {ratio:.2f} "
            f"| {cpu_s / mails * 1000:.2f} | {peak_bytes / 1e6:.0f} |"
        )
    return "\n".join(lines)
