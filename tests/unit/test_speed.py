"""The CPU of reading a mail, against the reference engines in the same run: slow machines are slow for both."""

import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.mailbox.engines import reference, standard
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.sdk.markup import use_reference_engine
from mailbridge.worker import router_of

MAILS = 36
ROUNDS = 3
LEAST = 1.3
"""So many times the CPU the reference engines need at least; measured 1.9 on a free machine."""


@pytest.fixture
def raws(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "bench"))
    import mails

    yield [mails.mail(number) for number in range(MAILS)]
    sys.modules.pop("mails", None)


def cpu_s(raws, router, parse, *, is_reference):
    use_reference_engine(on=is_reference)
    read = partial(decode, parse=parse)
    before = time.process_time()
    try:
        for raw in raws:
            assert read_mail(read(raw), router, TrustRules()).outcome == "parsed"
        return time.process_time() - before
    finally:
        use_reference_engine(on=False)


def test_reading_is_quicker_than_with_the_reference_engines(raws):
    router = router_of({})
    for parse, is_reference in ((standard, False), (reference, True)):
        cpu_s(raws[:12], router, parse, is_reference=is_reference)
    ratios = [
        cpu_s(raws, router, reference, is_reference=True) / cpu_s(raws, router, standard, is_reference=False)
        for _ in range(ROUNDS)
    ]
    assert median(ratios) >= LEAST, f"reading a mail has become slow: {ratios}"
