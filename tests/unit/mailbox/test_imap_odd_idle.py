"""Servers that announce new mail in ways no standard foresees."""

import threading
import time

import pytest

from mailbridge.ports import MailboxUnreachable
from scripted_imap import CLOSE, answering


class TestIdle:
    def waited(self, mailbox, seconds=3):
        started = time.monotonic()
        mailbox.wait(seconds, threading.Event())
        return time.monotonic() - started

    @pytest.fixture
    def idling(self, server, opened, places):
        """Return a function that lets the server answer IDLE by some bytes, and waits."""

        def wait(answer, seconds=3):
            server.capabilities = "IMAP4rev1 IDLE"
            server.script = lambda command: (
                answer if command == "IDLE" else b"IDLE1 OK done\r\n" if command == "DONE" else None
            )
            mailbox = opened(poll_s=60)
            places.read(mailbox)
            return self.waited(mailbox, seconds)

        return wait

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(b"+ idling\r\n* 4 EXISTS\r\n", id="in-the-same-piece"),
            pytest.param(b"* 4 EXISTS\r\n+ idling\r\n", id="before-the-continuation"),
            pytest.param(
                b"+ idling\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* OK Still here\r\n* 1 exists\r\n", id="behind-others"
            ),
        ],
    )
    def test_news_wake_wherever_they_stand(self, idling, answer):
        assert idling(answer) < 1

    def test_what_is_no_news_does_not_wake(self, idling):
        assert idling(b"+ idling\r\n* 0 EXISTS\r\n* 0 RECENT\r\n* 1 FETCH (FLAGS ())\r\n", seconds=0.6) >= 0.5

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (b"+ idling\r\n" + CLOSE, "closed the connection"),
            (b"+ idling\r\n* BYE Autologout; idle for too long\r\n", "Autologout"),
            (b"+ idling\r\nnonsense\r\n", "can't be read"),
            (b"", "no answer within 1 s"),
            (CLOSE, "closed the connection"),
        ],
    )
    def test_oddities_end_the_connection_at_once(self, idling, answer, said):
        with pytest.raises(MailboxUnreachable, match=said):
            idling(answer)

    def test_a_line_in_two_pieces_is_one_line(self, server, opened, places):
        server.capabilities = "IMAP4rev1 IDLE"
        server.script = lambda command: (
            b"+ idling\r\n* 4 EXI" if command == "IDLE" else b"STS\r\nIDLE1 OK done\r\n" if command == "DONE" else None
        )
        mailbox = opened(poll_s=60)
        places.read(mailbox)
        self.waited(mailbox, 0.3)
        assert self.waited(mailbox, 3) < 1

    def test_a_server_that_refuses_idle_is_polled(self, server, opened, places):
        server.capabilities = "IMAP4rev1 idle"
        server.script = answering("IDLE", lambda _: b"TAG BAD unknown\r\n")
        mailbox = opened(poll_s=0.2)
        places.read(mailbox)
        assert 0.15 < self.waited(mailbox) < 1
        places.read(mailbox)
        self.waited(mailbox)
        assert server.commands.count("IDLE") == 1
        assert server.connections == 1

    def test_a_server_without_idle_is_polled(self, server, opened, places):
        mailbox = opened(poll_s=0.2)
        places.read(mailbox)
        assert 0.15 < self.waited(mailbox) < 1
        assert "IDLE" not in server.commands

    def test_idle_is_begun_anew_before_routers_forget_it(self, server, opened, places, monkeypatch):
        monkeypatch.setattr("mailbridge.mailbox.imap_idle.REARM_S", 0.2)
        rounds = iter(range(1, 100))
        server.capabilities = "IMAP4rev1 IDLE"
        server.script = lambda command: (
            b"+ idling\r\n" if command == "IDLE" else b"IDLE%d OK\r\n" % next(rounds) if command == "DONE" else None
        )
        mailbox = opened(poll_s=60)
        places.read(mailbox)
        self.waited(mailbox, 0.7)
        assert server.commands.count("IDLE") == 4
