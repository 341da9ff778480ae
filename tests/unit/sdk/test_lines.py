import pytest

from mailbridge.sdk import html_lines, plain_text, text_lines
from mailbridge.sdk.shown_words import linked_words
from mailbridge_parsers.vk.links import target


def test_blocks_cells_and_breaks_end_lines_and_paragraphs_stay_apart():
    lines = html_lines("<p>One</p><p>Two<br>Three</p><table><tr><td>a</td><td>b</td></tr></table>one<br><br>two")
    assert plain_text(lines) == "One\n\nTwo\nThree\n\na\nb\none\n\ntwo"


def test_links_keep_their_captions_and_pictures_their_links():
    (line,) = html_lines('<div>See <a href="https://a.example"><b>the post</b> <img src="x.png" alt="X"></a> now</div>')
    assert line.text == "See the post now"
    assert [(run.text.strip(), run.href) for run in line.links] == [("the post", "https://a.example")]
    assert [(run.image, run.href, run.alt) for run in line.runs if run.image] == [("x.png", "https://a.example", "X")]


def test_a_link_around_a_table_links_what_is_inside():
    (line,) = html_lines('<a href="https://a.example"><table><tr><td><center>Open</center></td></tr></table></a>')
    assert line.is_captions


def test_hidden_and_skipped_parts_are_no_lines():
    source = '<td height="1">pre<td>x</td></td><div style="display:none">hidden</div><p>Seen</p>'
    assert "pre" not in plain_text(html_lines(source, skip=lambda name, given: given.get("height") == "1"))
    assert "hidden" not in plain_text(html_lines(source))


@pytest.mark.parametrize(
    ("style", "seen"),
    [
        ("display: none", False),
        ("max-height:0;overflow:hidden", False),
        ("overflow:hidden;height:0px !important", False),
        ("opacity:0; color:#fff", False),
        ("max-height:0", True),
        ("height:0.5em;overflow:hidden", True),
        ("opacity:0.5", True),
        ("line-height:0;overflow:hidden", True),
        ("font-size:0", True),
    ],
)
def test_what_a_style_hides_is_no_line_and_a_cell_whose_words_have_a_size_of_their_own_is(style, seen):
    shown = plain_text(html_lines(f'<div style="{style}"><span style="font-size:13px">Words</span></div><p>More</p>'))
    assert ("Words" in shown) is seen


def test_a_sentence_with_a_link_is_no_button_and_an_address_is_typed():
    button, sentence, typed = html_lines(
        '<p><a href="#1">Like</a> | <a href="#2">Share</a></p><p><a href="#">Ann</a>, hi</p><p><a href="#">https://a.example</a></p>'
    )[::2]
    assert (button.is_captions, sentence.is_captions, typed.is_captions) == (True, False, False)
    assert typed.links[0].is_address


def test_a_text_part_has_links_and_decoded_entities():
    lines = text_lines("A &bull; B\nsee https://a.example/x.\n\n")
    assert lines[0].text == "A • B"
    assert [run.href for run in lines[1].links] == ["https://a.example/x"]
    assert len(lines) == 4


def test_every_entity_that_a_sender_left_in_a_text_part_is_decoded_and_parameters_of_links_are_none():
    (line,) = text_lines("&mdash; &#8470;1 &#x41; &nbsp;&copy;&#10;AT&T &c=2; https://a.example/?a=1&copy=2&amp;b=3")
    assert line.text == "— №1 A © AT&T &c=2; https://a.example/?a=1&copy=2&b=3"
    assert line.links[0].href == "https://a.example/?a=1&copy=2&b=3"


COMMENT = '<p><a href="https://vk.com/wall-5_7?reply=9&amp;hash={}">{}</a></p>'


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((COMMENT.format("a", "Is it rye?<br>Or wheat?"), COMMENT.format("b", "Reply")), "Is it rye?\nOr wheat?"),
        ((COMMENT.format("a", "View comment"), COMMENT.format("b", "Reply")), ""),
        ((COMMENT.format("a", "Is it rye?"), '<p><a href="https://vk.com/wall-5_7">Post</a></p>'), ""),
        (('<p><a href="https://vk.com/wall-5_7">Is it rye?</a></p>',) * 2, ""),
        (("<p>Is it rye?</p>",), ""),
    ],
)
def test_words_that_are_one_link_to_their_comment_are_words_where_a_button_leads_there_too(rows, words):
    assert linked_words(html_lines("".join(rows)), lambda run: target(run.href)) == words
