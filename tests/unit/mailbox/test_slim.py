"""Large parts are cut out before a parser sees the mail, and nobody can tell."""

import os
import re
import subprocess
import sys
from base64 import encodebytes
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.mailbox.decode import Limits, Undecodable, decode
from mailbridge.mailbox.slim import slim
from mailbridge.mailbox.transfer_base64 import base64_bytes, measure_base64

REPO = Path(__file__).resolve().parents[3]
CORPUS = REPO / os.environ.get("MAILBRIDGE_SAMPLES", "../shared")
WHOLE = Limits(slim_from=10**9)
SLIM = Limits(slim_from=0, slim_part=1)
PHOTO = bytes(range(256)) * 1_200
HEAD = b"From: Anna <anna@example.org>\nSubject: Photos\nMIME-Version: 1.0\n"


def photo(data=PHOTO, encoding="base64", media_type="image/jpeg", body=None):
    head = f'Content-Type: {media_type}; name="a.jpg"\nContent-Transfer-Encoding: {encoding}\n\n'.encode()
    return head + (encodebytes(data) if body is None else body)


def multipart(*parts, boundary=b"b", subtype=b"mixed", closed=True):
    head = b'Content-Type: multipart/%b; boundary="%b"\n\n' % (subtype, boundary)
    return head + b"".join(b"--%b\n%b\n" % (boundary, part) for part in parts) + b"--%b--\n" % boundary * closed


TEXT = b"Content-Type: text/plain\n\nSee the photos.\n"
BROKEN = encodebytes(PHOTO)[:-30] + b"!\n--not a boundary\n" + encodebytes(PHOTO)
MAILS = {
    "photo": HEAD + multipart(TEXT, photo()),
    "no closing boundary": HEAD + multipart(TEXT, photo(), closed=False),
    "cut short": (HEAD + multipart(TEXT, photo()))[:-50_001],
    "photo alone": HEAD + photo(),
    "nested": HEAD + multipart(multipart(TEXT, photo(), boundary=b"c", subtype=b"related"), photo(PHOTO[1:])),
    "boundaries begin alike": HEAD + multipart(multipart(TEXT, photo(), boundary=b"b1"), photo(PHOTO[2:])),
    "inner not closed": HEAD + multipart(multipart(TEXT, photo(), boundary=b"c", closed=False), photo(PHOTO[1:])),
    "lines like boundaries": HEAD + multipart(TEXT, photo(body=BROKEN), photo()),
    "padding in the middle": HEAD + multipart(TEXT, photo(body=encodebytes(PHOTO[:-1]) * 2)),
    "lines of odd length": HEAD + multipart(TEXT, photo(body=re.sub(rb"(.{7})", rb"\1\n", encodebytes(PHOTO)))),
    "binary": HEAD + multipart(TEXT, photo(encoding="binary", body=PHOTO + b"\r\r\n\n--b2x\n--x\n" + PHOTO), photo()),
    "uuencoded": HEAD + multipart(TEXT, photo(encoding="x-uuencode", body=b"begin 644 a\n" + b"M*$4X\n" * 900)),
    "uuencoded text": HEAD + b"Content-Type: text/plain\n\nSee:\nbegin 644 a.jpg\n" + b"M*$4X\n" * 900 + b"`\nend\n",
    "text file": HEAD + multipart(TEXT, photo(b"a;b\n" * 9_000, media_type="text/csv")),
    "text file, broken": HEAD + multipart(TEXT, photo(body=b"QUJD\n" * 900 + b"no base64 at all", media_type="text/x")),
    "text": HEAD + photo("Привет, как дела?\n".encode() * 900, media_type="text/plain; charset=utf-8"),
    "attached mail": HEAD + multipart(TEXT, b"Content-Type: message/rfc822\n\n" + HEAD + multipart(TEXT, photo())),
    "attached mail in one": HEAD + multipart(TEXT, b"Content-Type: message/rfc822\n\n" + HEAD + multipart(
        TEXT, b"Content-Type: message/rfc822\n\n" + HEAD + multipart(TEXT, photo(), boundary=b"d"), boundary=b"c")),
    "digest": HEAD + multipart(b"\n" + HEAD + multipart(TEXT, photo(), boundary=b"c"), photo(), subtype=b"digest"),
    "boundary in a comment": HEAD + multipart(TEXT, photo()).replace(b'="b"', b"=b (c)"),
    "boundary in pieces": HEAD + multipart(TEXT, photo()).replace(b'boundary="b"', b'boundary*1="";boundary*0="b"'),
    "boundary encoded": HEAD + multipart(TEXT, photo()).replace(b'boundary="b"', b"boundary*=us-ascii''%62"),
    "boundary in brackets": HEAD + multipart(TEXT, photo()).replace(b'="b"', b"=<b>"),
    "wrong boundary": HEAD + multipart(TEXT, photo()).replace(b'="b"', b'="x"'),
    "mbox": b"From anna\n" + HEAD + multipart(TEXT, photo()),
}  # fmt: skip


def read(raw, limits):
    try:
        return seen(decode(raw, limits=limits))
    except Undecodable as error:
        return str(error)


def seen(mail):
    found = {one.name: getattr(mail, one.name) for one in fields(mail)}
    return found | {"headers": list(mail.headers), "inner": [seen(one) for one in mail.inner]}


def line_ends(raw):
    lf = raw.replace(b"\r\n", b"\n")
    return {"LF": lf, "CRLF": lf.replace(b"\n", b"\r\n"), "as it is": raw}.values()


@pytest.mark.parametrize("name", MAILS)
def test_slim_mails_are_read_like_whole_ones(name):
    for raw in line_ends(MAILS[name]):
        assert read(raw, SLIM) == read(raw, WHOLE)


@pytest.mark.parametrize("name", sorted(set(MAILS) - {"wrong boundary", "uuencoded text", "text"}))
def test_the_parser_sees_little_of_a_large_mail(name):
    for raw in line_ends(MAILS[name]):
        slimmed, cuts = slim(raw, "id", 5_000)
        assert len(slimmed) < 5_000 or name in {"lines like boundaries", "binary", "boundary encoded"}
        assert cuts.restored(slimmed) == raw


def test_size_and_hash_are_those_of_the_decoded_file():
    mail = decode(MAILS["photo"], limits=SLIM)
    (file,) = mail.attachments
    assert (file.name, file.media_type, file.size) == ("a.jpg", "image/jpeg", len(PHOTO))
    assert file.sha256 == sha256(PHOTO).hexdigest()
    assert (mail.mail_id, mail.size) == (sha256(MAILS["photo"]).hexdigest(), len(MAILS["photo"]))
    assert mail.text.strip() == "See the photos."


def test_a_change_in_what_was_cut_changes_the_content_id():
    other = HEAD + multipart(TEXT, photo(PHOTO[:-1] + b"x"))
    assert decode(other, limits=SLIM).content_id != decode(MAILS["photo"], limits=SLIM).content_id


def test_a_sender_can_not_write_a_mark():
    raw = MAILS["photo"]
    mark = slim(raw, sha256(raw).hexdigest(), 1)[1].key + b"00000000"
    forged = raw.replace(b"See the photos.", mark)
    assert decode(forged, limits=SLIM).text.strip() == mark.decode()


@pytest.mark.parametrize("raw", [path.read_bytes() for path in sorted((REPO / "fixtures").rglob("*.eml"))])
def test_fixtures_are_read_alike(raw):
    for variant in line_ends(raw):
        assert read(variant, SLIM) == read(variant, WHOLE)


@pytest.mark.samples
@pytest.mark.skipif(not (CORPUS / "corpus").is_dir(), reason="needs the robustness corpus")
def test_the_corpus_is_read_alike():
    for path in (CORPUS / "corpus").rglob("*"):
        if path.is_file():
            assert read(path.read_bytes(), SLIM) == read(path.read_bytes(), WHOLE), path


@given(st.lists(st.sampled_from([b"QUJD", b"=", b"\r\n", b"!", b"Q", b"\xff"]) | st.binary(max_size=9), max_size=30))
@settings(max_examples=300, deadline=None)
def test_measured_base64_is_what_decoding_gives(chunks):
    decoded = base64_bytes(b"".join(chunks))
    found = measure_base64(chunks)
    assert (found.size, found.sha256) == (len(decoded), sha256(decoded).hexdigest())
    assert found == measure_base64([b"".join(chunks)])


MEASURE = """
import resource, sys, time
from base64 import encodebytes
from mailbridge.mailbox.decode import decode
head = b"From: a@example.org\\nContent-Type: multipart/mixed; boundary=b\\n\\n--b\\n\\nhello\\n"
size, count = int(sys.argv[1]), int(sys.argv[2])
part = b"--b\\nContent-Type: image/jpeg\\nContent-Transfer-Encoding: base64\\n\\n" + encodebytes(bytes(size))
raw = head + part * count + b"--b--\\n"
del part
decode(head)
open("/proc/self/clear_refs", "w").write("5")
status = lambda name: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))
before, started = status("VmRSS"), time.process_time()
mail = decode(raw)
took, grown = time.process_time() - started, (status("VmHWM") - before) * 1024
assert [one.size for one in mail.attachments] == [size] * count
print(grown / len(raw), took)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
@pytest.mark.parametrize(("size", "count"), [(37_000_000, 1), (183_000, 200)])
def test_fifty_megabytes_cost_little_memory_and_time(size, count):
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(size), str(count)], capture_output=True, text=True, check=True, timeout=60
    )
    growth, seconds = map(float, done.stdout.split())
    assert growth < 2
    assert seconds < 2
