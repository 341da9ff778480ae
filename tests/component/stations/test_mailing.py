"""Each recipient gets the report of a period once: whichever node sends it, whatever breaks."""

import email
import socket
import threading
from contextlib import contextmanager
from datetime import datetime
from email.policy import default as policy
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from mailbridge.config.reporting import ReportMailSettings
from mailbridge.config.settings import Settings
from mailbridge.config.watching import WatchSettings
from mailbridge.ledger.ledger import Ledger
from mailbridge.mailbox.smtp import NotSent, send
from mailbridge.observe.health import Watched, findings
from mailbridge.stations.mailing import ReportMailer
from report_month import One, Told, fill
from smtp_server import PASSWORD, USER, smtp_server

ZONE = ZoneInfo("Europe/Moscow")
MONDAY = datetime(2026, 11, 16, 7, 59, tzinfo=ZONE).timestamp()
TO = ("head@example.org", "sales@example.org")
DAY_S = 86_400.0


def settings_of(**more):
    mail = {"to": TO, "host": "smtp.example.org", "sender": "bridge@example.org", "every": "week", **more}
    watch = {"timezone": "Europe/Moscow", "answer_s": 7200}
    return Settings.model_validate({"report_mail": mail, "watch": watch, "report": {"language": "ru"}})


class Nodes:
    """Nodes on one ledger with one clock, and the mails that they sent."""

    def __init__(self, url):
        self.now = MONDAY - 30 * DAY_S
        self.url = url
        self.mails = []
        self.fails = None
        self.open = []

    def node(self, **more):
        ledger = Ledger(self.url, clock=lambda: self.now, lease_s=60)
        self.open.append(ledger)
        return ledger, ReportMailer(ledger, settings_of(**more), send=self.take, clock=lambda: self.now)

    def take(self, _settings, mail):
        if self.fails:
            raise self.fails
        self.mails.append(mail)

    def close(self):
        for ledger in self.open:
            ledger.close()


@pytest.fixture
def nodes(tmp_path):
    nodes = Nodes(f"sqlite:///{tmp_path}/ledger.db")
    yield nodes
    nodes.close()


def test_the_report_of_a_week_is_sent_once_when_it_is_due(nodes):
    ledger, mailer = nodes.node()
    fill(ledger.database, [One(MONDAY - 3 * DAY_S, person=1, author="Тайный Клиент", sinks=[Told()])] * 2)
    nodes.now = MONDAY
    assert mailer.cycle() == 0
    nodes.now += 60
    assert mailer.cycle() == 2
    assert mailer.cycle() == 0
    assert [mail["To"] for mail in nodes.mails] == list(TO)
    nodes.now += 6 * DAY_S
    assert mailer.cycle() == 0
    nodes.now += DAY_S
    assert mailer.cycle() == 2


def test_what_is_in_the_mail(nodes):
    ledger, mailer = nodes.node()
    fill(ledger.database, [One(MONDAY - 3 * DAY_S + at, person=1, author="Тайный Клиент") for at in range(2)])
    nodes.now = MONDAY + 60
    mailer.cycle()
    mail = email.message_from_bytes(nodes.mails[0].as_bytes(), policy=policy)
    assert mail["Subject"] == "mailbridge: Отчёт: 09.11.2026 – 15.11.2026"
    assert mail["From"] == "bridge@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_body(("plain",)).get_content()
    assert "Обращения: 2\n" in text
    assert "- ВКонтакте: 2 (100,0 %)" in text
    (page,) = mail.iter_attachments()
    assert page.get_filename() == "report-2026-11-09.html"
    assert page.get_content_type() == "text/html"
    assert '<html lang="ru">' in page.get_content()
    assert "Клиент" not in text + page.get_content()
    assert len({mail["Message-ID"] for mail in nodes.mails}) == 2


def test_three_nodes_and_restarts_send_one(nodes):
    known = [nodes.node() for _ in range(3)]
    nodes.now = MONDAY + 60
    assert sum(mailer.cycle() for _, mailer in known) == 2
    for ledger, _ in known:
        ledger.close()
    nodes.now += 600
    assert nodes.node()[1].cycle() == 0
    assert len(nodes.mails) == 2


def test_what_is_refused_is_tried_again_and_told_until_it_is_sent(nodes):
    ledger, mailer = nodes.node()
    nodes.now = MONDAY + 60
    nodes.fails = NotSent("smtp.example.org:465: 451 try later")
    assert mailer.cycle() == 0
    assert found(ledger) == ["not sent to 2: smtp.example.org:465: 451 try later"]
    nodes.fails = None
    nodes.now += 30
    assert mailer.cycle() == 0
    nodes.now += 31
    assert mailer.cycle() == 2
    assert found(ledger) == []


def test_waits_between_tries_grow_and_end(nodes):
    _, mailer = nodes.node()
    nodes.now = MONDAY + 60
    nodes.fails = NotSent("refused")
    tries = []
    begin = mailer._ledger.mailings.begin
    mailer._ledger.mailings.begin = lambda key, one: tries.append(nodes.now) or begin(key, one)
    for _ in range(36):
        mailer.cycle()
        nodes.now += 600
    assert len(tries) / 2 == pytest.approx(10, abs=2)
    assert max(b - a for a, b in pairwise(tries)) <= 4200


def test_what_was_perhaps_sent_is_not_sent_again_and_told(nodes):
    ledger, mailer = nodes.node()
    nodes.now = MONDAY + 60
    nodes.fails = NotSent("connection lost", perhaps=True)
    mailer.cycle()
    nodes.fails = None
    nodes.now += DAY_S
    assert mailer.cycle() == 0
    assert found(ledger) == ["perhaps not sent to 2"]
    nodes.now += 7 * DAY_S
    assert found(ledger) == []


def test_a_node_that_died_while_it_sent_is_a_doubt_for_the_next(nodes):
    first, mailer = nodes.node()
    nodes.now = MONDAY + 60

    def die(_settings, _mail):
        raise KeyboardInterrupt

    mailer._send = die
    with pytest.raises(KeyboardInterrupt):
        mailer.cycle()
    second, other = nodes.node()
    assert other.cycle() == 0  # the lease of the first still runs
    nodes.now += 120
    assert other.cycle() == 1  # to the other recipient
    assert [mail["To"] for mail in nodes.mails] == [TO[1]]
    assert found(second) == ["perhaps not sent to 1"]
    first.mailings.end("week 2026-11-09", TO[0], "sent")  # it was only slow
    assert found(second) == []


def test_a_new_ledger_tells_nothing_of_times_before_it(nodes):
    nodes.now = MONDAY + 3 * DAY_S
    assert nodes.node()[1].cycle() == 0
    assert nodes.node(every="day")[1].cycle() == 0
    nodes.now += DAY_S + 60
    assert nodes.node(every="day")[1].cycle() == 2


def test_days_and_months(nodes):
    nodes.node()
    nodes.now = datetime(2026, 12, 1, 8, 0, tzinfo=ZONE).timestamp()
    assert nodes.node(every="month")[1].cycle() == 2
    assert "01.11.2026 – 30.11.2026" in str(nodes.mails[0]["Subject"])
    assert nodes.node(every="day")[1].cycle() == 0
    nodes.now += 120  # the lease of the first node has ended
    assert nodes.node(every="day")[1].cycle() == 2


def test_threads_on_postgresql_send_one(postgres):
    with postgres.clocked_database() as name:
        url = postgres.url(name)
        ledgers = [Ledger(url, lease_s=60) for _ in range(3)]
        now = ledgers[0].mailings.made_at() + 8 * DAY_S
        mails = []
        mailers = [
            ReportMailer(one, settings_of(), send=lambda _, mail: mails.append(mail), clock=lambda: now)
            for one in ledgers
        ]
        threads = [threading.Thread(target=mailer.cycle) for mailer in mailers for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for ledger in ledgers:
            ledger.close()
    assert sorted(mail["To"] for mail in mails) == sorted(TO)


def test_through_a_real_server_with_starttls(tmp_path, nodes):
    with smtp_server(tmp_path) as (post, keys):
        keys["username"], keys["password"] = USER, PASSWORD
        ledger, _ = nodes.node()
        nodes.now = MONDAY + 60
        mailer = ReportMailer(ledger, settings_of(**keys), send=send, clock=lambda: nodes.now)
        post.refuses = "550 no such user"
        assert mailer.cycle() == 0
        assert "550 no such user" in found(ledger)[0]
        post.refuses = None
        nodes.now += 61
        assert mailer.cycle() == 2
    assert len(post.mails) == 2
    assert b"report-2026-11-09.html" in post.mails[0]


@pytest.mark.parametrize(("answers", "perhaps"), [(5, True), (3, False), (1, False)])
def test_only_a_lost_answer_is_a_doubt(answers, perhaps):
    """The server says hello and so many answers, then it is gone: after DATA and the mail nobody knows."""
    settings = ReportMailSettings(to=TO, host="127.0.0.1", port=1, tls="none", sender="a@example.org", timeout_s=10)
    with _rude_server(answers) as port, pytest.raises(NotSent) as told:
        send(settings.model_copy(update={"port": port}), _mail())
    assert told.value.perhaps is perhaps


def _mail():
    from email.message import EmailMessage

    mail = EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "b@example.org"
    mail.set_content("hello")
    return mail


@contextmanager
def _rude_server(answers):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as talk:
            for number, line in enumerate([b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"354 go"][:answers]):
                talk.write(line + b"\r\n")
                talk.flush()
                if number < 4:
                    talk.readline()
            while answers == 5 and talk.readline() not in {b".\r\n", b""}:
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(20)
    listener.close()


def found(ledger):
    vitals = ledger.vitals()
    told = findings(vitals, Watched({}, {}, ("ok", "")), WatchSettings(), 0.0)
    return [one.about for one in told if one.kind == "report_unsent"]


@pytest.mark.parametrize(
    "wrong",
    [{"to": []}, {"to": ["nobody"]}, {"to": ["a@example.org\nBcc: b@example.org"]}, {"at": "24:00"}, {"at": "8"},
     {"every": "year"}, {"sender": None}, {"sender": "x"}],
)  # fmt: skip
def test_what_can_not_be_mailed_is_refused(wrong):
    good = {"to": TO, "host": "smtp.example.org", "sender": "bridge@example.org"}
    assert ReportMailSettings.model_validate(good)
    with pytest.raises(ValueError, match="ReportMailSettings"):
        ReportMailSettings.model_validate(good | wrong)
