import time

import pytest

from mailbridge.sdk import Html
from mailbridge.sdk.layout import TextLine


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Имя: Анна<br>Телефон: 8<br/><br>Конец", "Имя: Анна\nТелефон: 8\n\nКонец"),
        ("<div>a<br></div><div>b</div><div><br></div><div>c</div>", "a\nb\n\nc"),
        ("<p>a</p>\n<p>b\n c</p>", "a\n\nb c"),
        ("<table><tr><td>a</td> <td><b>b</b></td><td></td></tr><tr><th> c </th></tr></table>", "a\tb\nc"),
        ("<pre>a\n  b\n\nc</pre>", "a\nb\n\nc"),
        ('<p style="white-space: pre-wrap">a\nb</p>c\nd', "a\nb\n\nc d"),
        ('<span style="display:block">a<span>b</span></span>c', "ab\nc"),
        ("a<style>p {}</style><script>x</script><!-- y --><title>t</title>b", "ab"),
        ('a<div style="display: none">b<div>c</div>d</div>e', "ae"),
        ('Ура <img alt="👍" src="1f44d.png"> и <img alt="Логотип" src="logo.png">', "Ура 👍 и"),
        ("a &lt;b&gt; &amp; &nbsp; c", "a <b> & c"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("", ""),
        ("<!-- only -->", ""),
    ],
)
def test_text_is_what_a_reader_sees(source, text):
    assert Html(source).text == text
    assert Html(source).root.text == text


def test_deep_nesting_loses_nothing():
    assert Html("<div>" * 3000 + "дно" + "</div>" * 3000).text == "дно"


def test_declared_encodings_and_stray_characters_do_no_harm():
    assert Html('<?xml version="1.0" encoding="windows-1251"?><html><body>Анна\0</body></html>').text == "Анна\ufffd"
    assert Html('<meta charset="koi8-r"><p>Анна</p>').text == "Анна"


def test_links_and_selection():
    html = Html('<p class="x"><a href=" https://shop.example/a ">Стол <b>дубовый</b></a></p>')
    assert [(link.href, link.text) for link in html.links] == [("https://shop.example/a", "Стол дубовый")]
    paragraph = html.first("p.x")
    assert paragraph is not None
    assert paragraph.attr("class") == "x"
    assert [child.name for child in paragraph.children] == ["a"]


def test_two_columns_are_pairs_and_keep_line_breaks_and_links():
    html = Html(
        "<table><tr><td><b>Имя:</b></td><td>Анна</td></tr><tr><td>Сообщение</td><td>Имя: Пётр<br>до 18:00</td></tr>"
        '<tr><td>Страница</td><td><a href="https://shop.example/a">Стол</a></td></tr><tr><td>E-mail</td><td></td></tr>'
        "</table>"
    )
    assert [(pair.label, pair.value, pair.href) for pair in html.pairs()] == [
        ("Имя", "Анна", ""),
        ("Сообщение", "Имя: Пётр\nдо 18:00", ""),
        ("Страница", "Стол", "https://shop.example/a"),
        ("E-mail", "", ""),
    ]


def test_lines_with_a_colon_are_pairs():
    html = Html("<div>Имя: Анна<br><b>Телефон</b>: 8</div><p>Конец</p>")
    assert [(pair.label, pair.value) for pair in html.pairs()] == [("Имя", "Анна"), ("Телефон", "8")]


def test_tables_that_arrange_the_page_dissolve():
    html = Html(
        "<table><tr><td></td><td><table><tr><td>a</td><td>b</td></tr></table><p>c</p></td><td></td></tr></table>"
    )
    assert html.tables == [[["a", "b"]]]
    assert [piece.text for piece in html.layout if isinstance(piece, TextLine)] == ["c"]


@pytest.mark.parametrize(
    "source",
    [
        "<dl><dt>Имя</dt><dd>Анна</dd><dt>Тема</dt><dd>Стол</dd></dl>",
        "<div><div>Имя</div><div>Анна</div></div><div><div>Тема</div><div>Стол</div></div>",
        "<table><tbody><tr><th>Имя<td>Анна<tr><th>Тема<td>Стол</table>",
    ],
)
def test_what_looks_like_a_table_is_one(source):
    assert Html(source).tables == [[["Имя", "Анна"], ["Тема", "Стол"]]]


def test_a_line_knows_its_bold_beginning_and_the_gap_above_it():
    first, second, third = Html("<b>Имя:</b> Анна<br><br><strong>Тема</strong><br>Стол").layout
    assert (first.lead, first.marked, first.gap) == ("Имя:", False, False)
    assert (second.lead, second.marked, second.gap) == ("Тема", True, True)
    assert (third.lead, third.marked, third.gap) == ("", False, False)


def test_lines_of_a_mailer_that_forgot_its_tags_stay_lines():
    html = Html("Имя: Анна\nТелефон: <b>8</b>\n")
    assert html.text == "Имя: Анна\nТелефон: 8"
    assert [pair.label for pair in html.pairs()] == ["Имя", "Телефон"]


@pytest.mark.parametrize("piece", ["<div><div>a</div><div>b</div></div>", "x<br>", "<tr><td>a<td>b", "<b>", "<table>"])
def test_senseless_markup_costs_little(piece):
    html = Html(piece * (50_000 // len(piece)))
    before = time.process_time()
    html.pairs()
    assert time.process_time() - before < 2
