import pytest

from mailbridge.mailbox.charset import DOUBLE_ENCODED, GUESSED, MIXED, UNREADABLE, html_charset, to_text, undouble
from mailbridge.mailbox.charset_names import codec_of

QUESTION = "Здравствуйте! Подскажите, пожалуйста, сколько стоит доставка в Казань? Ещё вопрос: есть ли скидка?"
RUSSIAN = ["cp1251", "koi8-r", "cp866", "utf-8"]


@pytest.mark.parametrize("real", RUSSIAN)
@pytest.mark.parametrize("declared", ["", "utf-8", "windows-1251", "koi8-r", "iso-8859-1", "us-ascii", "x-unknown"])
@pytest.mark.parametrize("text", [QUESTION, "Новая заявка с сайта", "НОВЫЙ ЗАКАЗ", "Иванов Иван"])
def test_russian_is_read_whatever_is_declared(real, declared, text):
    assert to_text(text.encode(real), declared).text == text


@pytest.mark.parametrize("real", ["cp1251", "koi8-r", "cp866"])
def test_a_wrong_charset_is_marked(real):
    assert GUESSED in to_text(QUESTION.encode(real), "utf-8").defects
    assert GUESSED in to_text(QUESTION.encode(real), "iso-8859-1").defects
    assert to_text(QUESTION.encode(real), real).defects == ()


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Grüße aus München, schöne Straße", "iso-8859-1"),
        ("Grüße aus München", "utf-8"),
        ("Où est passé l'élève ? Ça va, merci.", "windows-1252"),
        ("æøå ÆØÅ blåbær", "iso-8859-1"),
        ("Zażółć gęślą jaźń", "iso-8859-2"),
        ("Příliš žluťoučký kůň", "windows-1250"),
        ("Türkçe öğrenmek ışık", "windows-1254"),
        ("Καλημέρα σε όλους", "iso-8859-7"),
        ("日本語のメールです", "shift_jis"),
        ("日本語のメールです", "euc-jp"),
        ("日本語のメールです", "iso-2022-jp"),
        ("中文邮件测试", "gb2312"),
        ("繁體中文郵件", "big5"),
        ("안녕하세요 여러분", "euc-kr"),
        ("السلام عليكم", "windows-1256"),
        ("שלום עולם", "windows-1255"),
        ("Привіт, як справи? Їжак і ґанок", "windows-1251"),
        ("Привіт, як справи?", "koi8-u"),
        ("Здраво, како си? Љубав, њега, ђак", "windows-1251"),
        ("Қазақстан — тәуелсіз мемлекет", "utf-8"),
        ("Привет мир", "utf-16"),
    ],
)
def test_a_right_declaration_always_wins(text, charset):
    decoded = to_text(text.encode(charset), charset)
    assert (decoded.text, decoded.defects) == (text, ())


def test_a_single_letter_is_not_overruled():
    assert to_text("я".encode("koi8-r"), "koi8-r").text == "я"
    assert to_text("é".encode("cp1252"), "iso-8859-1").text == "é"


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_tells_the_charset(mark):
    codec = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}[mark]
    assert to_text(mark + "Привет".encode(codec), "windows-1251").text == "Привет"


def test_lines_in_two_charsets_are_read_each_in_its_own():
    data = "Имя: Пётр Сидоров\n".encode() + "Вопрос: сколько стоит доставка?\n".encode("cp1251")
    decoded = to_text(data, "utf-8")
    assert decoded.text == "Имя: Пётр Сидоров\nВопрос: сколько стоит доставка?\n"
    assert MIXED in decoded.defects


def test_a_cut_character_spoils_nothing_else():
    decoded = to_text(QUESTION.encode()[:31], "utf-8")
    assert decoded.text == "Здравствуйте! По\ufffd"
    assert decoded.defects == (UNREADABLE,)


def test_what_no_charset_explains_is_marked_and_replaced():
    decoded = to_text(b"\x81\x8d\x8f\x90\x9d \xfe\xff\x81\x9d")
    assert UNREADABLE in decoded.defects
    assert "\ufffd" in decoded.text


@pytest.mark.parametrize("taken_for", ["cp1251", "cp1252", "latin-1"])
@pytest.mark.parametrize("text", [QUESTION, "Привет", "Заявка № 5 — «срочно»"])
def test_text_encoded_twice_is_undone(taken_for, text):
    doubled = "".join(_as_seen(byte, taken_for) for byte in text.encode())
    decoded = to_text(doubled.encode(), "utf-8")
    assert (decoded.text, decoded.defects) == (text, (DOUBLE_ENCODED,))


def _as_seen(byte, codec):
    return bytes([byte]).decode(codec, "ignore") or chr(byte)


@pytest.mark.parametrize(
    "text", [QUESTION, "ООО «СССР» и «СССР»", "Ромашка® — С° и Р±", "fünf Äpfel für 3 €", "SÃO PAULO Â", "Тест 🙂 тест"]
)
def test_sound_text_is_not_undone(text):
    assert undouble(text) == text


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF - 8", "utf-8"),
        ("utf-8, utf-8", "utf-8"),
        ("utf8mb4", "utf-8"),
        ("*utf-8''x", "utf-8"),
        ('"Windows-1251"', "cp1251"),
        ("cp-1251", "cp1251"),
        ("win1251", "cp1251"),
        ("KOI8-R", "koi8-r"),
        ("ISO-8859-1", "cp1252"),
        ("gb2312", "gb18030"),
        ("shift_jis", "cp932"),
    ],
)
def test_names_are_forgiven(name, codec):
    assert codec_of(name) == codec


@pytest.mark.parametrize(
    "name",
    ["utf-7", "unicode_escape", "raw_unicode_escape", "idna", "zlib", "hex", "rot13", "undefined", "utf\0-9", ""],
)
def test_no_codec_that_is_no_charset(name):
    assert codec_of(name) is None


def test_an_escape_in_the_text_stays_as_it_is():
    assert to_text(b"\\u003cscript+ADw-", "unicode_escape").text == "\\u003cscript+ADw-"
    assert to_text(b"+ADw-script", "utf-7").text == "+ADw-script"


def test_the_meta_element_helps_when_nothing_is_declared():
    page = '<html><head><META http-equiv="Content-Type" content="text/html; charset=iso-8859-2"></head>źrebię'
    data = page.encode("iso-8859-2")
    assert html_charset(data) == "iso-8859-2"
    assert to_text(data, "", [html_charset(data)]).text == page
