import time

import pytest

from mailbridge.sdk import emails_in, is_email, is_phone, is_robot, person_name, phone, phones_in


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("8 (800) 555-35-35", "+78005553535"),
        ("8(495)123-45-67 доб. 12", "+74951234567"),
        ("9123456789", "+79123456789"),
        ("79123456789", "+79123456789"),
        ("+8 912 345 67 89", "+79123456789"),
        ("+7\u00a0945\u00a0000\u00a000\u00a042", "+79450000042"),
        ("380501234567", "+380501234567"),
        ("8-10-375-29-123-45-67", "+375291234567"),
        ("0044 20 7946 0958", "+442079460958"),
        ("(202) 555-0143", "+12025550143"),
        ("212.555.0188", "+12125550188"),
        ("(495) 123-4567", "+74951234567"),
    ],
)
def test_a_phone_becomes_e164(typed, number):
    assert phone(typed) == number
    assert is_phone(typed)


@pytest.mark.parametrize("typed", ["123-45-67", "(202) 555 01 43", "не скажу", "+7 (___) ___-__-__", "12.03.24 10:00"])
def test_what_is_no_number_stays_as_typed(typed):
    assert phone(f" {typed} ") == typed
    assert not is_phone(typed)


def test_without_a_region_only_numbers_that_name_their_country_are_read():
    assert phone("9123456789", None) == "9123456789"
    assert phone("+49 30 901820", None) == "+4930901820"
    assert phone("8 912 345-67-89", None) == "+79123456789"


def test_phones_among_words_are_found_and_other_digits_are_not():
    text = (
        "Заказ 4078616180 от 14.03.2024 12:07:31, цена 50 000, адрес 192.0.2.7, https://shop.example/?p=89123456700. "
        "Звоните 8 (800) 555-35-35 или +7 (912) 345-67-89, 89123456789."
    )
    assert phones_in(text) == ["+78005553535", "+79123456789"]


def test_emails_among_words():
    text = "Пишите: <Anna.P@example.com>, mailto:q@shop.example.co.uk; иван@почта.рф. Не адреса: a@b, @vasya, x@"
    assert emails_in(text) == ["anna.p@example.com", "q@shop.example.co.uk", "иван@почта.рф"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("a.b@example.com", True), (" a@b.ru ", True), ("a@b", False), ("пишите a@b.ru", False), ("a..b@c.ru", False)],
)
def test_is_email(text, verdict):
    assert is_email(text) is verdict


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("noreply@example.com", True),
        ("no-reply.shop@example.com", True),
        ("do_not_reply@example.com", True),
        ("wordpress@example.com", True),
        ("www-data@example.com", True),
        ("notifications@example.com", True),
        ("ivan@example.com", False),
        ("info@example.com", False),
        ("robotnik@example.com", False),
    ],
)
def test_is_robot(address, verdict):
    assert is_robot(address) is verdict


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Анна\n Петрова ", "Анна Петрова"),
        ("Ольга 🌸", "Ольга 🌸"),
        ('Мария "Мими" Иванова', 'Мария "Мими" Иванова'),
        ("John O'Neil", "John O'Neil"),
        ("You won! https://spam.example/x", ""),
        ("a@example.com", ""),
        ("+7 912 345-67-89", ""),
        ("купите " * 40, ""),
    ],
)
def test_a_name_is_a_name(typed, name):
    assert person_name(typed) == name


@pytest.mark.parametrize("piece", ["1", "1 ", "a", "a@", "a.b", "+1(2)-", "b."])
def test_long_senseless_texts_cost_little(piece):
    text = piece * (200_000 // len(piece))
    before = time.process_time()
    phones_in(text), emails_in(text), is_email(text), person_name(text), phone(text)
    assert time.process_time() - before < 1
