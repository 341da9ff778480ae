import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.sdk import canonical_url, host_of, parts_of, query_of, unwrap_url, urls_in
from mailbridge.sdk.links import plain_links


@pytest.mark.parametrize(
    ("sent", "target"),
    [
        (
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fbread.example%2F7%3Ffbclid%3Dx&h=AT",
            "https://bread.example/7?fbclid=x",
        ),
        ("https://m.vk.com/away.php?to=http%3A%2F%2Fbread.example&cc_key=1", "http://bread.example"),
        ("https://vk.ru/away.php?to=http%3A%2F%2Fbread.example", "http://bread.example"),
        ("https://ok.ru/dk?cmd=logExternal&st.link=https%3A%2F%2Fbread.example%2F", "https://bread.example/"),
        (
            "https://twitter.com/i/redirect?url=https%3A%2F%2Fx.com%2Fa%2Fstatus%2F1&amp;sig=2",
            "https://x.com/a/status/1",
        ),
        ("https://www.youtube.com/attribution_link?a=x&u=/watch%3Fv%3Dabc", "https://www.youtube.com/watch?v=abc"),
        (
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fbread.example&data=5",
            "https://bread.example",
        ),
        (
            "https://vk.com/away.php?to=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fbread.example",
            "https://bread.example",
        ),
        ("https://www.linkedin.com/safety/go?url=https%3A%2F%2Fbread.example&trk=x", "https://bread.example"),
        ("https://vk.com/away.php", "https://vk.com/away.php"),
        (
            "https://bread.example/l.php?u=https%3A%2F%2Fother.example",
            "https://bread.example/l.php?u=https%3A%2F%2Fother.example",
        ),
        (
            "https://vk.com.evil.example/away.php?to=http://x.example",
            "https://vk.com.evil.example/away.php?to=http://x.example",
        ),
    ],
)
def test_a_redirect_page_is_read_from_the_link_itself(sent, target):
    assert unwrap_url(sent) == target


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("HTTP://User:pw@Bread.EXAMPLE:80/%7ea/%d1%8f?", "http://bread.example/~a/%D1%8F"),
        (
            "https://bread.example/страница?q=хлеб&utm_source=vk#comment-5",
            "https://bread.example/%D1%81%D1%82%D1%80%D0%B0%D0%BD%D0%B8%D1%86%D0%B0?q=%D1%85%D0%BB%D0%B5%D0%B1#comment-5",
        ),
        (
            "https://bread.example/a%2Fb?x=1&fbclid=2&gclid=3&yclid=4&_openstat=5&y=%2f",
            "https://bread.example/a%2Fb?x=1&y=%2F",
        ),
        ("https://bread.example/?token=secret&PHPSESSID=1&mhash=2&id=3", "https://bread.example/?id=3"),
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai/"),
        ("www.bread.example/x", "https://www.bread.example/x"),
        ("//cdn.bread.example/x", "https://cdn.bread.example/x"),
        ("https://bread.example:8443/x", "https://bread.example:8443/x"),
        ("https://bread.example/a\n b", "https://bread.example/a%20b"),
        ("https://bread.example/x#:~:text=secret", "https://bread.example/x"),
        ("https://bread.example/?a=1&amp;b=2", "https://bread.example/?a=1&b=2"),
        ("https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("https://хлеб.example。/x", "https://xn--90ahr3b.example/x"),
        ("https://bread.example/\ud800", "https://bread.example/"),
    ],
)
def test_one_page_has_one_form(sent, canonical):
    assert canonical_url(sent) == canonical


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "javascript:alert(1)",
        "mailto:a@b.example",
        "tel:+7900",
        "https://",
        "https://[bad",
        "https://;¡.example",
        "data:text/html,x",
        "https://a b/",
        "cid:x",
    ],
)
def test_what_is_no_web_address_is_empty(sent):
    assert canonical_url(sent) == ""


def test_a_very_long_address_is_refused():
    assert canonical_url("https://bread.example/" + "a" * 5000) == ""


def test_only_the_named_parameters_stay():
    assert (
        canonical_url("https://bread.example/?b=2&a=1&c=3", keep=lambda name: name in "ab")
        == "https://bread.example/?b=2&a=1"
    )


@given(st.text(max_size=80))
def test_any_text_is_survived_and_a_canonical_form_is_stable(text):
    once = canonical_url(text)
    assert canonical_url(once) == once
    assert once == "" or once.isascii()


@settings(max_examples=50)
@given(st.from_regex(r"[a-zA-Z0-9/%&=?;:@._~ é-]{0,40}", fullmatch=True))
def test_a_canonical_form_is_stable_for_paths_and_queries(rest):
    once = canonical_url("https://bread.example/" + rest)
    assert canonical_url(once) == once


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "see https://bread.example/a, or (https://bread.example/b_(c)).",
            ["https://bread.example/a", "https://bread.example/b_(c)"],
        ),
        ("«https://bread.example/x»!", ["https://bread.example/x"]),
        ("www.bread.example? no", ["www.bread.example"]),
        ("nothing here: bread.example", []),
    ],
)
def test_addresses_in_a_text_end_where_the_sentence_goes_on(text, found):
    assert [text[start:end] for start, end in urls_in(text)] == found


def test_parts_of_a_link():
    assert host_of("https://www.Bread.example/x") == "bread.example"
    assert host_of("https://[bad") == ""
    assert query_of("https://bread.example/?a=1&a=2&b=%D1%8F+z") == {"a": "1", "b": "я z"}


@pytest.mark.parametrize(
    "sent", ["https://[", "//[", "https://facebook.com/l.php?u=//[", "https://www.youtube.com/attribution_link?u=//[x"]
)
def test_half_an_address_is_no_link_and_no_error(sent):
    unwrap_url(sent)
    assert canonical_url(sent) in {"", sent}
    assert parts_of("https://[") == parts_of("")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("see https://vk.com/away.php?to=https%3A%2F%2Fbread.example%2F7&cc_key=9.", "see https://bread.example/7."),
        ("https://www.google.com/url?q=https://bread.example/7&sa=D now", "https://bread.example/7 now"),
        ("https://vk.com/im?sel=5&mhash=ab1", "https://vk.com/im?sel=5"),
        ("https://vk.com/doc5_7?hash=ab1&dl=2", "https://vk.com/doc5_7?hash=ab1&dl=2"),
        ("www.bread.example, HTTPS://Bread.example/a?b=1#c", "www.bread.example, HTTPS://Bread.example/a?b=1#c"),
        ("и/или 1/2", "и/или 1/2"),
    ],
)
def test_addresses_inside_words_lead_straight_and_others_stay_as_typed(written, shown):
    assert plain_links(written) == shown


def test_a_redirect_page_is_known_by_the_host_that_a_browser_would_ask():
    assert canonical_url("http://\u00adfacebook.com/l.php?u=https%3A%2F%2Fshop.example%2Fa") == "https://shop.example/a"
