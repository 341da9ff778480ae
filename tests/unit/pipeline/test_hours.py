from datetime import datetime

import pytest

from mailbridge.pipeline.hours import is_within, spans


def at(text):
    return datetime.fromisoformat(f"{text}:00+03:00")


@pytest.mark.parametrize(
    ("hours", "moment", "within"),
    [
        ("Mo-Fr 09:00-18:00", "2026-11-27T09:00", True),  # a Friday
        ("Mo-Fr 09:00-18:00", "2026-11-27T17:59", True),
        ("Mo-Fr 09:00-18:00", "2026-11-27T18:00", False),
        ("Mo-Fr 09:00-18:00", "2026-11-28T12:00", False),
        ("Mo-Fr 09:00-18:00, Sa 10:00-14:00", "2026-11-28T12:00", True),
        ("09:00-18:00", "2026-11-29T12:00", True),
        ("Su-Mo 00:00-24:00", "2026-11-29T23:59", True),
        ("Sa-Mo 10:00-12:00", "2026-11-30T11:00", True),
        ("Sa-Mo 10:00-12:00", "2026-12-01T11:00", False),
        ("22:00-24:00, 00:00-06:00", "2026-12-01T05:59", True),
        ("22:00-06:00", "2026-12-01T05:59", True),
        ("22:00-06:00", "2026-12-01T22:00", True),
        ("22:00-06:00", "2026-12-01T06:00", False),
        ("Fr 22:00-06:00", "2026-11-28T05:59", True),  # the night from Friday to Saturday
        ("Fr 22:00-06:00", "2026-11-27T05:59", False),
        ("Su 22:00-00:00", "2026-11-29T23:59", True),
        ("Su 22:00-00:00", "2026-11-30T00:00", False),
        ("mo-fr  09:00-18:00", "2026-11-27T12:00", True),
    ],
)
def test_within(hours, moment, within):
    assert is_within(hours, at(moment)) is within


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ("", "write them like"),
        ("Mo-Fr", "write them like"),
        ("Mo-Fr 9-18", "write them like"),
        ("Xx 09:00-18:00", "is no day"),
        ("Mo 09:00-09:00", "ends when it begins"),
        ("Mo 09:00-24:30", "no time of day"),
        ("Mo 09:75-12:00", "no time of day"),
    ],
)
def test_what_can_t_be_read_is_told(hours, told):
    with pytest.raises(ValueError, match=told):
        spans(hours)
