"""What strangers write is shown as typed by every destination, and obeyed by none."""

import csv
import html
import io
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.sdk import (
    DESTINATIONS,
    bb_inert,
    clean,
    csv_text,
    for_amocrm,
    for_bitrix24,
    formula_inert,
    html_text,
    log_text,
    one_line,
    soql_literal,
    terminal_json,
    terminal_line,
    terminal_text,
)
from mailbridge.testing.bitrix24 import shown
from mailbridge.testing.salesforce_soql import unescape

EVIL = (
    "[url=https://evil.example]скидка[/url]", "[USER=1]шеф[/USER]", "<script>alert(1)</script>", "<img onerror=a>",
    '=HYPERLINK("https://evil.example")', "@SUM(1+9)*cmd|' /C calc'!A0", "+1+cmd|'/C x'!A1", "-2+СУММ(A1)", "\t=1+1",
    "\x1b]0;title\x07", "\x1b[31mred", "\x9b31m", "line\nlevel=error", 'x\n{"level": "error"}', "\r\nBcc: x", "a\x00b",
    "\u202egnp.exe", "a\u200bb\u2060c\ufeff", "\u2066x\u2069", "\ud800", "\U000e0041", "' OR Id != '", "\\'",
    "\x85\u2028",
    '= HYPERLINK ("x")', "\uff1dSUM(A1)", "\u3164\u115f",
)  # fmt: skip
PIECES = st.sampled_from((*EVIL, *"=+-@[]<>&'\"|(Aю 🎂\n\r\t\\"))
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=8).map("".join))
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
FORMULA = re.compile(r"[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")


@given(TEXTS)
def test_plain_text_holds_nothing_unseen(text):
    plain = clean(text)
    assert not UNSEEN.search(plain)
    assert not any(unicodedata.category(sign) in {"Cs", "Cc"} and sign not in "\n\t" for sign in plain)
    assert clean(plain) == plain
    assert not UNSEEN.search(one_line(text))
    assert "\n" not in one_line(text)
    plain.encode()


@given(TEXTS)
def test_the_crms_show_what_was_typed(text):
    typed = clean(text)
    for made in (for_amocrm(text), DESTINATIONS["salesforce"](text), shown(for_bitrix24(text, markup=True))):
        assert made in {typed, f"'{typed}"}
    assert not UNSEEN.search(for_amocrm(text))


@given(TEXTS)
def test_no_bb_code_and_no_tag_comes_out(text):
    made = bb_inert(text)
    assert not re.search(r"[\[<][A-Za-zА-Яа-яЁё/*!?]", made)
    assert made.replace("\u200b", "") == text.replace("\u200b", "")


@pytest.mark.parametrize("text", [one for one in EVIL if re.match(r"[=@+\-\uff1d]", one)])
def test_what_a_spreadsheet_would_work_out_stands_behind_an_apostrophe(text):
    assert formula_inert(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    ["+7 (912) 000-00-00", "-5%", "@korzh", "=)", "- торт (2 кг)", "+7 912 000-00-00 (WhatsApp)", "-", "1=(2)", "a|b",
     "- капучино | латте", "--\nИван (директор)"],
)  # fmt: skip
def test_what_people_write_stays(text):
    assert for_amocrm(text) == for_bitrix24(text) == text


@given(TEXTS)
def test_html_text_means_the_text(text):
    made = html_text(text)
    assert not set("<>\"'") & set(made)
    assert html.unescape(made) == clean(text)


@given(st.lists(st.lists(st.one_of(TEXTS, st.integers(), st.none()), min_size=1, max_size=4), max_size=4))
def test_cells_are_read_back_and_none_is_a_formula(rows):
    made = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    for row, read in zip(rows, made, strict=True):
        for cell, value in zip(row, read, strict=True):
            if isinstance(cell, str):
                assert not FORMULA.match(value)
                assert value in {clean(cell), f"'{clean(cell)}"}
            else:
                assert value == ("" if cell is None else str(cell))


@given(TEXTS)
def test_a_terminal_only_shows(text):
    for made in (terminal_text(text), terminal_line(text, 40)):
        assert all(sign.isprintable() or sign == "\n" for sign in made)
        assert not UNSEEN.search(made)
    assert "\n" not in terminal_line(text)
    assert len(terminal_line(text, 40)) <= 40


@given(TEXTS)
def test_json_for_a_terminal_says_the_same(text):
    made = terminal_json(json.dumps({text: text}, ensure_ascii=False))
    assert not UNSEEN.search(made)
    assert json.loads(made) == {text: text}


@given(TEXTS, st.booleans())
def test_a_log_line_stays_one_line_without_colours(text, lines):
    made = log_text(text, 50, lines=lines)
    assert all(sign.isprintable() or (lines and sign == "\n") for sign in made)
    assert len(made) <= 51
    made.encode()


def test_what_is_cut_of_a_log_value_is_told():
    assert log_text("x" * 2000) == "x" * 2000
    assert log_text("x" * 2001) == "x" * 2000 + "…"
    assert log_text("\x1b[31mу\n\u202e\u3164") == "\\x1b[31mу\\n\\u202e\u3164"


@given(TEXTS)
def test_a_literal_of_soql_has_one_end(text):
    made = soql_literal(text)
    assert unescape(made) == text.replace("\0", "").encode(errors="ignore").decode()
    assert re.fullmatch(r"'(?:[^'\\\n\r]|\\.)*'", made, re.DOTALL)


@given(TEXTS)
def test_every_destination_takes_any_text(text):
    for make in DESTINATIONS.values():
        make(text).encode()
