"""Which mails may be marked on the server: only those that are final with all their deliveries."""

from structlog.testing import capture_logs

from mailbridge.ledger.marks import Marks
from mailbridge.ledger.settle import Settlement
from mailbridge.mailbox.imap_mark import MarkResult
from mailbridge.ports import MailboxUnreachable
from mailbridge.sdk import Delivered, Receipt, Rejected, RetryLater, Unknown
from mailbridge.stations.marking import MarkingDesk


def due(kit):
    return Marks(kit.ledger.database, "box").due(100)


def test_a_mail_is_marked_after_its_last_delivery_and_not_before(kit):
    kit.deliver(1)
    assert due(kit) == {}, "its delivery is ready"
    claim = kit.claim()
    assert due(kit) == {}, "its delivery is under way"
    kit.finish(claim, Delivered(Receipt("L1")))
    assert due(kit) == {1: [1]}


def test_what_waits_is_in_doubt_or_needs_a_person_is_not_marked(kit):
    for number in (1, 2, 3):
        kit.deliver(number)
    claim = kit.claim()
    kit.steps(claim).writing("lead", [one.delivery.key for one in claim.items])
    kit.finish(claim, RetryLater("later", 60), Unknown("cut"), Rejected("never"))
    assert due(kit) == {}


def test_unread_and_quarantined_mails_are_not_marked_and_ignored_ones_are(kit):
    kit.store(1)
    quarantined, ignored = kit.store(2), kit.store(3)
    done = [Settlement(quarantined, "quarantined", "no_parser"), Settlement(ignored, "ignored", "newsletter")]
    kit.ledger.reader.settle(done, searches_first=False)
    assert due(kit) == {1: [3]}


def test_a_mark_is_set_once_and_belongs_to_its_mailbox(kit):
    kit.deliver(1)
    kit.finish(kit.claim(), Delivered(Receipt("L1")))
    assert Marks(kit.ledger.database, "other").due(100) == {}
    Marks(kit.ledger.database, "box").done(1, [1])
    assert due(kit) == {}


class Marker:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def mark(self, uidvalidity, uids):
        self.asked.append((uidvalidity, uids))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_server_that_can_not_be_reached_is_asked_again_and_a_refusal_is_told_once(kit):
    kit.deliver(1)
    kit.finish(kit.claim(), Delivered(Receipt("L1")))
    marker = Marker(MailboxUnreachable("gone"), MarkResult(frozenset(), "read-only"))
    desk = MarkingDesk("box", marker, Marks(kit.ledger.database, "box"))
    with capture_logs() as logs:
        assert [desk.cycle() for _ in range(4)] == [0, 0, 0, 0]
    assert [one["event"] for one in logs] == ["marking_failed", "marking_refused"]
    assert marker.asked == [(1, [1]), (1, [1])]
    assert due(kit) == {1: [1]}, "another program, or a restart, may still mark it"
