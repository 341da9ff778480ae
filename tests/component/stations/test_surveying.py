"""How much of a mailbox a preview has before it."""

from mailbridge.ports import Lies
from mailbridge.stations.surveying import Sample, lacking


class Box:
    name = "box"

    def __init__(self, *places):
        self.places = [Lies(validity, uid, None) for validity, uid in places]

    def uids(self, since):
        assert since.timestamp() == 0
        return iter(self.places)


def test_what_the_ledger_has_is_not_counted():
    assert lacking(Box((7, 1), (7, 2), (7, 9), (7, 9)), Sample(frozenset({2}))) == 2
    assert lacking(Box(), Sample()) == 0


def test_a_mailbox_that_can_not_tell_counts_for_nothing():
    assert lacking(object(), Sample()) == 0
