"""A mail made to cost its reader dearly ends soon, and for the reason that it should."""

import pydoc
import time

import pytest

import bombs
import bombs_rare  # noqa: F401 - it adds to them
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.worker import job_of, read_raw, router_of

LARGE = {"base64_html_of_40_mb", "file_of_40_mb", "mail_of_52_mb"}
MOST_S = 10
"""CPU of a busy machine; what is quadratic takes minutes."""


@pytest.fixture(scope="module")
def router():
    return router_of({})


@pytest.mark.parametrize("name", sorted(bombs.KINDS.keys() - LARGE))
def test_a_bomb_ends_soon_and_for_its_reason(name, router):
    make, ends = bombs.KINDS[name]
    job = job_of(make())
    began = time.process_time()
    reading = read_raw(job, router, TrustRules()).reading
    assert {reading.outcome, reading.reason} & ends, (reading.outcome, reading.reason, reading.detail)
    assert time.process_time() - began < MOST_S
    for interest in reading.interests:
        assert "<script" not in (interest.text or "")


OPENERS = (
    "zipfile.ZipFile", "tarfile.open", "gzip.GzipFile", "zlib.decompress", "zlib.decompressobj",
    "bz2.decompress", "lzma.decompress", "xml.parsers.expat.ParserCreate", "lxml.etree.XMLParser",
)  # fmt: skip
"""What would open a file that came with a mail: an archive, a table, a document, a picture."""


@pytest.mark.parametrize("name", ["zip_bomb", "billion_laughs", "picture_of_50_000_pixels"])
def test_files_are_measured_and_never_opened(name, router, monkeypatch):
    job = job_of(bombs.KINDS[name][0]())
    opened = []
    for opener in OPENERS:
        whole = pydoc.locate(opener)
        monkeypatch.setattr(
            opener,
            lambda *given, _opener=opener, _whole=whole, **more: (opened.append(_opener), _whole(*given, **more))[1],
        )
    reading = read_raw(job, router, TrustRules()).reading
    assert (reading.outcome, opened) == ("parsed", [])
    (file,) = reading.interests[0].attachments
    assert file.size > 0
    assert file.sha256
