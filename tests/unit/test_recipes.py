"""Recipes: what they read, how they are told wrong, how they change while the daemon runs."""

import json
import os
import re
import time
from pathlib import Path

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.recipes.folder import RecipeError, Recipes, WatchedFolder, fit_recipes, read_recipes
from mailbridge.registry import make_parsers
from mailbridge.sdk import Strength

GUIDE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPE = re.search(r"^```recipe\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[1]
MAIL = re.search(r"^```eml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[1]


def read(mail=MAIL, recipe=RECIPE, *, others=True):
    parsers = [*(make_parsers() if others else []), *Recipes((("bell", recipe),)).parsers()]
    return read_mail(decode(mail.encode()), Router(parsers), TrustRules())


def problems(tmp_path, text, name="bell.toml"):
    (tmp_path / name).write_text(text)
    with pytest.raises(RecipeError) as told:
        read_recipes(tmp_path, ["vk"])
    return told.value.problems


def test_the_recipe_of_the_guide_reads_the_mail_of_the_guide():
    reading = read()
    assert (reading.outcome, reading.parser, reading.detail) == ("parsed", "bell", "")
    interest = reading.interests[0].to_json()
    assert interest["kind"] == "callback"
    assert interest["author"]["name"] == "Ann Wood"
    assert interest["author"]["phones"] == ["+442079460002"]
    assert interest["text"] == "How long does a brick stove last?"
    assert interest["source"] == {
        "url": "https://stoves.example/bricks/", "title": "Bell call-back", "channel": "form", "network": "bell",
    }  # fmt: skip
    assert interest["refs"]["form"] == "4711"
    assert interest["reply"] == {"method": "phone", "target": "+442079460002"}
    assert interest["fields"] == [{"label": "Operator", "value": "7"}]
    assert interest["mail"]["parser"] == "bell"


def test_the_key_makes_two_mails_one_interest():
    other = MAIL.replace("Message-ID: <4711", "Message-ID: <again").replace("10:00:00", "10:05:00")
    assert read().interests[0].id == read(other).interests[0].id
    assert read().interests[0].id != read(MAIL.replace("4711", "4712")).interests[0].id


def test_what_is_required_and_missing_goes_to_quarantine_and_names_the_labels():
    reading = read(MAIL.replace("Phone:", "Fon:"))
    assert (reading.outcome, reading.reason) == ("quarantined", "recipe_field_missing")
    assert "author.phone" in reading.detail
    assert "Fon" in reading.detail


def test_what_is_to_be_ignored_is():
    weekly = MAIL.replace("Call-back 4711", "Call-back: your week in numbers")
    assert (read(weekly).outcome, read(weekly).reason) == ("ignored", "statistics")


def test_mails_of_others_are_left_to_others():
    assert read(MAIL.replace("@bell.example>\nTo", "@doorbell.example>\nTo")).parser != "bell"
    assert read(MAIL.replace("Subject: Call-back", "Subject: Invoice")).parser != "bell"


def test_trust_rules_hold_for_recipes():
    reading = read(recipe=RECIPE.replace('title = "Bell"', 'title = "Bell"\ntrust = "require"'))
    assert (reading.outcome, reading.reason) == ("quarantined", "unauthenticated")
    vouched = "Authentication-Results: mx.example.net; dmarc=pass header.from=bell.example\n" + MAIL
    assert read(vouched, RECIPE.replace('title = "Bell"', 'title = "Bell"\ntrust = "require"')).outcome == "parsed"


def test_values_out_of_html_headers_and_constants():
    html = """From: Bell <noreply@bell.example>
To: leads@stoves.example
Subject: call-back
Date: Sun, 22 Nov 2026 10:00:00 +0300
X-Order: 77
Content-Type: text/html; charset=utf-8

<p class="who">Ann <b>Wood</b></p><a class="page" href="https://stoves.example/x?utm_source=a">page</a>
<p>Sum: 12&nbsp;500,50</p>
"""
    recipe = """title = "Bell"
[match]
senders = ["noreply@bell.example"]
[fields]
"author.name" = { css = ".who" }
"source.url" = { css = "a.page", attr = "href" }
"refs.order" = { header = "X-Order" }
"amount" = { pattern = 'Sum: ([\\d\\s,.]+)' }
"currency" = { value = "EUR" }
"""
    interest = read(html, recipe).interests[0].to_json()
    assert interest["author"]["name"] == "Ann Wood"
    assert interest["source"]["url"] == "https://stoves.example/x"
    assert (interest["refs"]["order"], interest["amount"], interest["currency"]) == ("77", 12500.5, "EUR")


@pytest.mark.parametrize(
    ("match", "strength"),
    [
        ('senders = ["a.example"]', Strength.SENDER),
        ('senders = ["a.example"]\nsubject = "x"', Strength.SENDER_AND_SIGN),
        ('headers = { "X-A" = "1" }', Strength.SIGN),
        ('text = ["only words"]', Strength.WORDS),
    ],
)
def test_how_sure_a_recipe_is(match, strength):
    text = f'title = "A"\n[match]\n{match}\n[fields]\n"text" = {{ label = "B" }}\n'
    assert Recipes((("a", text),)).parsers()[0].routes[0].strength is strength


def test_no_pattern_can_hang_a_mail():
    recipe = RECIPE.replace('subject = "call-back"', "subject = '(a+)+$'")
    began = time.process_time()
    read(MAIL.replace("Call-back 4711", "a" * 900 + "!"), recipe, others=False)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('kind = "callback"', 'kind = "call"'), "[kind]"),
        (('label = "Phone"', 'labels = "Phone"'), "[fields] author.phone labels there is no such key"),
        (('"author.phone"', '"author.fax"'), "author.fax"),
        (("'Call-back (\\d+)'", "'Call-back (?=x)'"), "[fields] refs.form pattern is no pattern"),
        (("'Call-back (\\d+)'", "'Call-back'"), "pattern has no group"),
        (('{ label = "Wish" }', '{ css = "p[" }'), "[fields] text css is no CSS selector"),
        (('{ label = "Wish" }', '"Wish"'), 'says not how it is found: write { label = "Wish" }'),
        (('{ label = "Wish" }', '{ label = " " }'), "[fields] text label 0 is empty"),
        (('{ label = "Wish" }', '{ header = "X Bell" }'), "text header is no name of a header field"),
        (('label = "Phone"', 'lable = "Phone"'), "lable there is no such key; do you mean label?"),
        (('"author.phone"', "phone"), "[fields] phone there is no such place; do you mean author.phone?"),
        (('"author.phone" = {', 'kind = "order"\n"author.phone" = {'), "write this line above the first line in [ ]"),
        (('kind = "callback"', 'kind = "call"'), "[kind] is none of 'like', 'repost'"),
        (("required = true", "required = 3"), "required has to be true or false"),
        (('reason = "statistics"', 'reason = "Weekly numbers"'), "reason may have small letters, digits and _ only"),
        (('title = "Bell"', "title = “Bell”"), "write straight quotation marks"),
        (('title = "Bell"', 'title: "Bell"'), "write = instead of the colon"),
        (("'Call-back (\\d+)'", '"Call-back (\\d+)"'), "write patterns between single quotation marks"),
        (("required = true", "required = True"), "write true or false"),
        (('key = ["refs.form"]', 'key = ["author.name"]'), "key needs a number that the sender gives"),
        (('{ label = "Wish" }', "{ required = true }"), "exactly one of label, css, pattern, header, value"),
        (('senders = ["bell.example"]', 'senders = ["Bell"]'), "[match] senders 0 is no domain and no address"),
        (('key = ["refs.form"]', 'key = ["refs.order"]'), "key names refs.order"),
        (('title = "Bell"\n', ""), "[title] is missing"),
        (("[match]", "[match"), "is not TOML"),
    ],
)
def test_mistakes_are_told_with_file_and_key(tmp_path, change, said):
    assert change[0] in RECIPE
    told = problems(tmp_path, RECIPE.replace(*change))
    assert all(one.startswith("bell.toml: ") for one in told)
    assert said in "\n".join(told)


def test_a_constant_names_no_event(tmp_path):
    text = RECIPE.replace('key = ["refs.form"]', 'key = ["refs.form", "source.title"]')
    assert "key names source.title, which is the same in every mail" in "".join(problems(tmp_path, text))


def test_what_is_meant_is_taken_however_it_is_written():
    written = (
        RECIPE.replace('"author.name" =', "author.name =").replace('["bell.example"]', '"Bell.Example"')
        .replace('["refs.form"]', '"refs.form"').replace("[[ignore]]", "[ignore]")
        .replace("title =", "version = 1\ntitle =")
        .replace('label = ["Client", "Name"]', 'label = ["Client:", "Name"]')
    )  # fmt: skip
    assert read(recipe=written).interests == read().interests


def test_a_file_of_another_editor_is_read_and_one_with_a_false_name_is_told(tmp_path):
    (tmp_path / "bell.toml").write_bytes(b"\xef\xbb\xbf" + RECIPE.encode())
    (tmp_path / ".bell.toml.swp").write_bytes(b"\0")
    (tmp_path / ".#bell.toml").write_text("what an editor keeps there")
    assert [name for name, _ in read_recipes(tmp_path).sources] == ["bell"]
    told = problems(tmp_path, RECIPE, "ring.toml.txt")
    assert told == ("ring.toml.txt: is not read; call it ring.toml",)
    (tmp_path / "ring.toml").write_bytes(RECIPE.encode("utf-16"))
    assert "ring.toml: can't be read: save it as UTF-8" in fit_recipes(tmp_path)[1]


def test_two_recipes_for_the_same_mails_are_told(tmp_path):
    (tmp_path / "bell.toml").write_text(RECIPE)
    (told,) = problems(tmp_path, RECIPE.replace('"bell.example"', '"mail.bell.example"'), "ring.toml")
    assert told.startswith("ring.toml: [match] takes the same mails as bell.toml")
    assert len(fit_recipes(tmp_path)[0].sources) == 2
    (tmp_path / "ring.toml").write_text(RECIPE.replace('subject = "call-back"', 'subject = "order"'))
    assert len(read_recipes(tmp_path).sources) == 2


def test_where_a_mail_has_no_number_two_mails_stay_two():
    mail = MAIL.replace("Call-back 4711", "Call-back")
    other = mail.replace("How long", "How wide").replace("<4711", "<4712")
    assert len({read(one).interests[0].id for one in (mail, other)}) == 2


FORM = """title = "Bell"
[match]
senders = ["bell.example"]
[fields]
"author.name" = { label = ["Имя", "Name"] }
"author.phone" = { label = "Телефон", required = true }
"text" = { label = "Сообщение" }
"amount" = { label = "Сумма" }
"rating" = { label = "Оценка" }
"source.url" = { label = "Страница" }
"""


def form(body, *, charset="utf-8", kind="plain"):
    head = MAIL.partition("MIME-Version")[0] + f"Content-Type: text/{kind}; charset={charset}\n\n"
    raw = head.encode() + body.encode(charset)
    return read_mail(decode(raw), Router([*make_parsers(), *Recipes((("bell", FORM),)).parsers()]), TrustRules())


LINES = "Имя: Алёна\nТелефон: 8 (900) 555-00-17\n"


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r"])
def test_a_text_of_several_paragraphs_is_whole_and_the_foot_is_no_part_of_it(charset):
    body = LINES + "Сообщение: Добрый день!\nСколько стоит?\n\nЖду ответа.\nСтраница: https://stoves.example/\n"
    assert form(body, charset=charset).interests[0].text == "Добрый день!\nСколько стоит?\n\nЖду ответа."
    body = LINES + "Сообщение:\n\nДобрый день!\n\nПисьмо отправлено с сайта\n"
    assert form(body, charset=charset).interests[0].text == "Добрый день!"


def test_labels_that_are_known_may_be_written_in_any_way():
    reading = form("имя * : Алёна\nТЕЛЕФОН - 8 900 555-00-17\nСообщение = Привет\nСтраница\nstoves.example/a\n")
    interest = reading.interests[0]
    assert (interest.author.name, interest.author.phones, interest.text) == ("Алёна", ("+79005550017",), "Привет")
    assert interest.source.url == "https://stoves.example/a"


def test_a_label_may_be_written_with_its_star_and_colon():
    recipe = RECIPE.replace('"Phone"', '"Phone *:"').replace('["Client", "Name"]', '"Client*"')
    assert read(recipe=recipe).interests[0].author == read().interests[0].author


def test_a_mail_full_of_labels_is_read_in_time():
    lines = "Сообщение:\nтекст\n" * 20_000
    began = time.process_time()
    form(LINES + lines)
    assert time.process_time() - began < 2


def test_a_link_is_where_it_leads_not_what_it_says():
    rows = "<tr><td>Телефон</td><td>8 900 555-00-17</td></tr><tr><td>Страница</td><td><a href='https://a.example/x'>тут</a>"
    assert form(f"<table>{rows}</table>", kind="html").interests[0].source.url == "https://a.example/x"


@pytest.mark.parametrize(
    ("line", "amount", "currency", "rating", "rest"),
    [
        ("Сумма: 1 234,50 руб.", 1234.5, "RUB", None, []),
        ("Сумма: 1.234,50 EUR", 1234.5, "EUR", None, []),
        ("Сумма: $1,234", 1234, "USD", None, []),
        ("Сумма: договорная", None, None, None, ["договорная"]),
        ("Оценка: 4 из 5", None, None, 4, []),
        ("Оценка: ★★★☆☆", None, None, 3, []),
        ("Оценка: 8 из 10", None, None, None, ["8 из 10"]),
        ("Оценка: 10", None, None, None, ["10"]),
    ],
)
def test_values_are_right_or_stay_among_the_other_fields(line, amount, currency, rating, rest):
    interest = form(LINES + line).interests[0].to_json()
    assert (interest["amount"], interest["currency"], interest["rating"]) == (amount, currency, rating)
    assert [one["value"] for one in interest["fields"]] == rest


def test_a_word_is_no_phone_number_and_nobody_guesses_which_of_two_is_the_authors():
    assert form("Имя: Алёна\nТелефон: нет\n").reason == "recipe_field_missing"
    injected = "Сообщение: перезвоните\nТелефон: 8 900 555-99-99\n"
    assert form(LINES + injected).reason == form(injected + LINES).reason == "recipe_field_twice"
    assert form(LINES + LINES).outcome == "parsed"


def test_patterns_go_by_lines_and_over_them_where_they_say_so():
    recipe = FORM.replace('label = ["Имя", "Name"]', "pattern = '^От: (.+)$'").replace(
        'label = "Сообщение"', "pattern = '(?s)Вопрос:\\s*(.*?)\\s*--- конец'"
    )
    mail = (
        MAIL.partition("You have")[0]
        + "Кому: нам\nОт: Иван\nТелефон: 8 900 555-00-17\nВопрос:\nраз\n\nдва\n--- конец\n"
    )
    interest = read(mail, recipe).interests[0]
    assert (interest.author.name, interest.text) == ("Иван", "раз\n\nдва")
    assert [one.label for one in interest.fields] == ["Кому"]


def test_mistakes_are_told_with_the_line_of_their_key(tmp_path):
    bad = RECIPE.replace('kind = "callback"', 'kind = "call"').replace('{ label = "Wish" }', '{ css = "p[" }')
    lines = [bad.split("\n").index(line) + 1 for line in ('kind = "call"', '"text" = { css = "p[" }')]
    assert [one.rpartition("(line ")[2] for one in problems(tmp_path, bad)] == [f"{line})" for line in lines]
    broken = problems(tmp_path, RECIPE.replace("[match]", "[match"))
    assert "line" in broken[0]


def test_a_bad_recipe_does_not_take_the_others_along(tmp_path):
    (tmp_path / "bell.toml").write_text(RECIPE)
    (tmp_path / "other.toml").write_text("kind = 1\n")
    fit, wrong = fit_recipes(tmp_path)
    assert [name for name, _ in fit.sources] == ["bell"]
    assert all(one.startswith("other.toml: ") for one in wrong)
    assert wrong


def test_a_value_may_stand_on_the_lines_below_its_label():
    mail = MAIL.replace("Wish: How long does", "Wish:\nHow long does\nit take, or").replace("Page:", "\nPage:")
    assert read(mail).interests[0].text == "How long does\nit take, or a brick stove last?"
    html = """From: Bell <noreply@bell.example>
Subject: call-back 1
Content-Type: text/html

<p><b>Client:</b> Ann Wood</p><p><b>Phone:</b> +44 20 7946 0002</p>
<p><b>Wish:</b><br>Two stoves<br>and a pan</p><p>x</p>
"""
    assert read(html).interests[0].text == "Two stoves\nand a pan"


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path):
    (tmp_path / "other.toml").write_text("kind = 1\n")
    (tmp_path / "vk.toml").write_text(RECIPE)
    told = "\n".join(problems(tmp_path, RECIPE.replace("callback", "x").replace('"author.name"', '"author.nam"')))
    parts = ["bell.toml: [kind]", "bell.toml: [fields] author.nam", "other.toml: [kind]", "other.toml: [title]"]
    for part in [*parts, "vk.toml: there is a parser"]:
        assert part in told


@pytest.fixture
def watched(tmp_path):
    (tmp_path / "bell.toml").write_text(RECIPE)
    heard, now = [], [0.0]
    folder = WatchedFolder(tmp_path, [], loaded=heard.append, refused=heard.append, clock=lambda: now[0])

    def later():
        now[0] += 5
        return folder.current()

    return tmp_path / "bell.toml", later, heard


def test_a_changed_recipe_is_taken_up(watched):
    file, later, heard = watched
    first = later()
    file.write_text(RECIPE.replace("callback", "request"))
    assert later() != first
    assert later().parsers()[0].recipe.kind == "request"
    assert heard == [1]
    file.unlink()
    assert later().sources == ()


def test_a_bad_change_leaves_the_old_one_in_force_and_says_so_once(watched):
    file, later, heard = watched
    first = later()
    file.write_text(RECIPE.replace("callback", "nonsense"))
    assert later() == later() == first
    assert len(heard) == 1
    assert "bell.toml: [kind]" in heard[0][0]
    file.write_text(RECIPE)
    os.utime(file, (1, 1))
    assert later() == first
    assert heard[1:] == [1]


def test_expectations_of_the_contract_are_json():
    assert json.loads(json.dumps(read().interests[0].to_json()))["schema"] == "mailbridge.interest/1"
