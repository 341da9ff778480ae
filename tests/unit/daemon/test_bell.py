"""One worker at a time looks for work."""

import threading
import time

from mailbridge.daemon.bell import Bell

LONG_S = 20.0


class Workers:
    """Threads that wait and count their looks."""

    def __init__(self, bell, count, seconds):
        self.looks = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._wait, args=(bell, number, seconds)) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def _wait(self, bell, number, seconds):
        while not self._ended.is_set():
            if bell.wait(seconds):
                self.looks.append(number)

    def end(self):
        self._ended.set()
        for thread in self._threads:
            thread.join(LONG_S)


def test_a_ring_wakes_one_worker():
    bell = Bell()
    seen = threading.Semaphore(0)

    def wait():
        if bell.wait(LONG_S):
            seen.release()

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    bell.ring()
    assert seen.acquire(timeout=LONG_S)
    assert not seen.acquire(timeout=0.1), "a second worker was woken for the same news"
    for _ in range(3):
        bell.ring()
        assert seen.acquire(timeout=LONG_S)
    for thread in threads:
        thread.join(LONG_S)


def test_a_ring_that_nobody_hears_is_heard_by_the_next_who_comes():
    bell = Bell()
    bell.ring()
    began = time.monotonic()
    assert bell.wait(LONG_S)
    assert time.monotonic() - began < LONG_S / 2


def test_without_a_ring_one_of_the_workers_looks_each_time():
    seconds = 0.05
    workers = Workers(Bell(), 6, seconds)
    began = time.monotonic()
    time.sleep(1)
    workers.end()
    intervals = (time.monotonic() - began) / seconds
    assert 1 <= len(workers.looks) <= intervals + 6, "each of them has looked"
