"""Mails of other parsers' test suites: each ends in a mail or in Undecodable, in little time."""

import os
import time
from pathlib import Path

import pytest

from mailbridge.mailbox.decode import Undecodable, decode
from mailbridge.mailbox.receiving import Receiving

ROOT = Path(__file__).resolve().parents[3] / os.environ.get("MAILBRIDGE_SAMPLES", "../shared")
CPU_S = 2.0


def files(folder):
    return sorted(path for path in (ROOT / folder).rglob("*") if path.is_file()) if (ROOT / folder).is_dir() else []


@pytest.mark.samples
@pytest.mark.skipif(not files("corpus"), reason="needs the robustness corpus")
def test_every_mail_of_the_corpus_ends_well():
    undecodable = {}
    for path in files("corpus"):
        started = time.process_time()
        try:
            decode(path.read_bytes())
        except Undecodable as error:
            undecodable[path.name] = error.reason
        assert time.process_time() - started < CPU_S, path
    assert set(undecodable.values()) <= {"not_a_mail"}
    assert len(undecodable) < 20


@pytest.mark.samples
@pytest.mark.skipif(not files("samples"), reason="needs the samples")
def test_every_sample_is_read_without_guessing():
    for path in files("samples"):
        if path.suffix == ".eml":
            read = decode(path.read_bytes(), receiving=Receiving("mx.example.net"))
            assert read.words.strip() or read.attachments, path
            assert "\ufffd" not in read.subject + read.text, path
            assert not {"charset_unreadable", "engine_failed", "text_by_engine"} & set(read.defects), path
