import pytest

from mailbridge.sdk import Html


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
