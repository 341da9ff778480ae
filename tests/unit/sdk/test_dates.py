from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.sdk import read_date

MSK = timezone(timedelta(hours=3))
PACIFIC = timezone(timedelta(hours=-8))
SENT = datetime(2024, 3, 12, 20, 20, 30, tzinfo=MSK)


@pytest.mark.parametrize(
    ("text", "local", "precision"),
    [
        ("3 октября в 21:34", "2023-10-03T21:34:00", "minute"),
        ("11 марта, 14:46", "2024-03-11T14:46:00", "minute"),
        ("12 марта 2024 г. в 9:05", "2024-03-12T09:05:00", "minute"),
        ("December 14 at 12:35 PM", "2023-12-14T12:35:00", "minute"),
        ("February 28, 2018 at 11:59", "2018-02-28T11:59:00", "minute"),
        ("5 July at 21:50", "2023-07-05T21:50:00", "minute"),
        ("March 12 at 12:05 AM", "2024-03-12T00:05:00", "minute"),
        ("3. Oktober 2019 um 14:46 Uhr", "2019-10-03T14:46:00", "minute"),
        ("3 ottobre alle ore 21:34", "2023-10-03T21:34:00", "minute"),
        ("12 mai 2020 à 21h34", "2020-05-12T21:34:00", "minute"),
        ("11 marca o 10:15", "2024-03-11T10:15:00", "minute"),
        ("3 października 2023", "2023-10-03T00:00:00", "day"),
        ("5 de abril a las 9:05", "2023-04-05T09:05:00", "minute"),
        ("11 березня о 10:15", "2024-03-11T10:15:00", "minute"),
        ("Sept. 5, 2023", "2023-09-05T00:00:00", "day"),
        ("14.02.2024 12:06", "2024-02-14T12:06:00", "minute"),
        ("2024-02-14 12:06:33", "2024-02-14T12:06:33", "second"),
        ("вт, 12 марта в 10:15", "2024-03-12T10:15:00", "minute"),
        ("сегодня в 10:15", "2024-03-12T10:15:00", "minute"),
        ("вчера в 10:15", "2024-03-11T10:15:00", "minute"),
        ("Yesterday at 5:32pm", "2024-03-11T17:32:00", "minute"),
        ("29 февраля", "2024-02-29T00:00:00", "day"),
        ("13/02/2024", "2024-02-13T00:00:00", "day"),
        ("02/13/2024 12:06 PM", "2024-02-13T12:06:00", "minute"),
    ],
)
def test_a_shown_date_is_the_last_one_that_is_not_in_the_future(text, local, precision):
    moment, seen = read_date(text, SENT)
    assert (moment.replace(tzinfo=None).isoformat(), seen) == (local, precision)
    assert moment.utcoffset() == timedelta(hours=3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3/4/2024",
        "10 маек",
        "5 марок",
        "12 майонезов",
        "3 marbles",
        "2 sets",
        "32 марта",
        "14:46",
        "марта",
        "Приду 3 октября в 21:34",
        "3 октября в 25:00",
        "13:05 PM",
        "30 февраля",
        "3 октября или 4 октября",
        "x" * 100,
    ],
)
def test_what_is_no_date_or_two_dates_is_none(text):
    assert read_date(text, SENT) is None


def test_a_zone_in_the_text_wins():
    assert read_date("2024-02-14T12:06:33Z", SENT)[0] == datetime(2024, 2, 14, 12, 6, 33, tzinfo=UTC)
    assert read_date("14.02.2024 12:06 (МСК)", SENT.astimezone(PACIFIC))[0].utcoffset() == timedelta(hours=3)
    assert read_date("2024-02-14 12:06 +0530", SENT)[0].utcoffset() == timedelta(hours=5, minutes=30)


def test_local_time_of_the_recipient_is_not_taken_for_the_future_of_the_sender():
    sent = datetime(2020, 2, 28, 1, 10, 55, tzinfo=PACIFIC)
    assert read_date("28 февраля в 11:21", sent, MSK)[0] == datetime(2020, 2, 28, 11, 21, tzinfo=MSK)
    assert read_date("27 февраля в 11:21", sent, MSK)[0] == datetime(2020, 2, 27, 11, 21, tzinfo=PACIFIC)


def test_new_year_night_belongs_to_the_right_year():
    sent = datetime(2023, 12, 31, 23, 50, tzinfo=PACIFIC)
    assert read_date("1 января в 10:40", sent, MSK)[0] == datetime(2024, 1, 1, 10, 40, tzinfo=MSK)
    assert read_date("31 декабря в 23:40", datetime(2024, 1, 1, 0, 5, tzinfo=MSK))[0].year == 2023


@given(st.text(max_size=70))
def test_any_text_is_survived_and_no_moment_is_far_ahead(text):
    found = read_date(text, SENT)
    if found is not None and not any(sign.isdigit() for sign in text):
        assert found[0] <= SENT + timedelta(days=1)
