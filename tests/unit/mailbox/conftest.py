import time

import pytest

from mailbridge.mailbox.imap import ImapMailbox
from mailbridge.mailbox.settings import ImapSettings
from places import MemoryPlaces
from scripted_imap import ScriptedImap


@pytest.fixture
def server():
    scripted = ScriptedImap()
    yield scripted
    scripted.close()


@pytest.fixture
def opened(server):
    made = []

    def make(*, clock=time.monotonic, **changes):
        values = {
            "type": "imap", "host": "127.0.0.1", "port": server.port, "tls": "none", "username": "anna",
            "password": "word-of-anna", "timeout_s": 1, "poll_s": 0.1,
        }  # fmt: skip
        made.append(ImapMailbox("shared", ImapSettings.model_validate(values | changes), clock=clock))
        return made[-1]

    yield make
    for mailbox in made:
        mailbox.close()


@pytest.fixture
def places(server):
    made = MemoryPlaces()
    made.visible = lambda: server.mails
    return made
