"""A customer's letter with big photos goes the whole way from the server to an interest."""

import random
from base64 import encodebytes
from hashlib import sha256

import pytest

from dovecot import PASSWORD
from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.listing import Wanted
from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import ImapSettings
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.stations.collecting import Collector
from mailbridge.stations.reading import ProcessCrew, ReadingRoom

pytestmark = [pytest.mark.slow, pytest.mark.dovecot]

PHOTO = random.Random(1).randbytes(29_500_000)
PHOTO_MAIL = (
    b"From: Anna <anna@example.com>\nTo: leads@example.org\nSubject: My kitchen\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n"
    b"--b\nContent-Type: text/plain; charset=utf-8\n\nHow much is a kitchen like this one?\n"
    b'--b\nContent-Type: image/jpeg; name="kitchen.jpg"\nContent-Transfer-Encoding: base64\n'
    b'Content-Disposition: attachment; filename="kitchen.jpg"\n\n' + encodebytes(PHOTO) + b"--b--\n"
).replace(b"\n", b"\r\n")


@pytest.fixture
def mailbox(dovecot, mailbox_user):
    settings = ImapSettings(
        type="imap", host="localhost", port=dovecot.tls_port, ca_file=dovecot.ca_file,
        username=mailbox_user.name, password=PASSWORD, timeout_s=20,
    )  # fmt: skip
    made = ImapMailbox("shared", settings)
    yield made
    made.close()


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", new=True)
    yield made
    made.close()


@pytest.fixture
def room(ledger):
    crew = ProcessCrew({}, TrustRules(), workers=1)
    made = ReadingRoom(ledger.reader, crew, {}, receivers={}, searches_first=False)
    yield made
    made.close()


def test_a_mail_of_40_megabytes_becomes_an_interest_that_lists_its_photo(mailbox, mailbox_user, ledger, room):
    assert len(PHOTO_MAIL) > 40_000_000
    mailbox_user.deliver(PHOTO_MAIL)
    assert Collector(mailbox, ledger.intake("shared"), poll_s=60).cycle() == 1
    assert room.cycle() == 1
    mail_id = sha256(PHOTO_MAIL).hexdigest()
    assert ledger.listings.raw(mail_id) == PHOTO_MAIL
    assert ledger.listings.counts()["mails"] == {"parsed": 1}
    (interest,) = ledger.listings.interests(Wanted())
    assert interest["text"] == "How much is a kitchen like this one?"
    assert interest["attachments"] == [
        {
            "name": "kitchen.jpg",
            "media_type": "image/jpeg",
            "size": len(PHOTO),
            "sha256": sha256(PHOTO).hexdigest(),
        }
    ]
