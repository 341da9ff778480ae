"""Text that is made to cost is cut before it costs."""

import sys
import unicodedata

from mailbridge.sdk.text import _BREAKS, _MAY_BE_MARK, _UNSEEN, _is_printable, few_marks


def test_so_many_marks_stay_on_a_letter_that_it_is_normalised_in_linear_time():
    marks = "\u0301\u0316"
    assert few_marks("o" + marks * 500) == "o" + marks * 15
    for text in ("и\u0306 е\u0308", "o" + marks * 15, "\U0001f600" * 50, "=" * 99, ""):
        assert few_marks(text) == text


def test_no_mark_is_outside_of_where_marks_are_looked_for():
    marks = (chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code)))
    assert [hex(ord(mark)) for mark in marks if not _MAY_BE_MARK.search(mark)] == []


def test_what_is_cleaned_out_is_never_taken_for_clean():
    signs = (chr(code) for code in range(sys.maxunicode + 1))
    assert [
        hex(ord(sign)) for sign in signs if (_UNSEEN.match(sign) or _BREAKS.match(sign)) and _is_printable(sign)
    ] == []
