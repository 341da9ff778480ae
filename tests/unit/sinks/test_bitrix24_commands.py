from hypothesis import given
from hypothesis import strategies as st

from mailbridge.testing.bitrix24_php import parse_query, substitute
from mailbridge_sinks.bitrix24.commands import Command, chunks

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)


def as_read(command):
    method, _, query = command.encoded().partition("?")
    assert method == command.method
    return parse_query(query)


@given(title=texts, name=texts.filter(bool))
def test_php_reads_the_very_values_whatever_they_hold(title, name):
    read = as_read(Command("crm.item.add", {"fields": {"title": title, "fm": [{"value": name}]}, "entityTypeId": 1}))
    plain = {"fields": {"title": title, "fm": [{"value": name}]}, "entityTypeId": "1"}
    assert read == plain or "$result[" in title + name


def test_an_ampersand_does_not_cut_the_title():
    assert as_read(Command("m", {"fields": {"title": "A&B=C+D %20 #?"}})) == {"fields": {"title": "A&B=C+D %20 #?"}}


def test_filter_names_keep_their_prefixes():
    condition = {"=originatorId": "mailbridge", "@originId": ["a", "b"], ">=id": 5}
    assert as_read(Command("crm.item.list", {"filter": condition})) == {"filter": {**condition, ">=id": "5"}}


def test_what_is_none_is_not_sent():
    assert as_read(Command("m", {"fields": {"a": None, "b": 0}, "select": ["*", None]})) == {
        "fields": {"b": "0"},
        "select": ["*"],
    }


def test_a_visitor_can_not_refer_to_the_answers_of_other_commands():
    typed = "price $result[mb1-a][item][title] and $result[mb1-a]"
    earlier = {"mb1-a": {"item": {"title": "somebody else's"}}}
    arrived = substitute(as_read(Command("m", {"t": typed})), earlier)["t"]
    assert "somebody else's" not in arrived
    assert arrived.replace("\u200b", "") == typed


def test_requests_hold_at_most_so_many_commands_in_order():
    commands = {str(number): Command("m") for number in range(120)}
    parts = list(chunks(commands, 50))
    assert [len(part) for part in parts] == [50, 50, 20]
    assert [name for part in parts for name in part] == list(commands)


def test_long_commands_are_spread_over_more_requests():
    commands = {str(number): Command("m", {"t": "Ы" * 60_000}) for number in range(5)}  # 360 kB each when encoded
    assert [len(part) for part in chunks(commands, 50)] == [2, 2, 1]


def test_one_command_longer_than_a_request_still_goes():
    assert [len(part) for part in chunks({"a": Command("m", {"t": "x" * 2_000_000})}, 50)] == [1]


def test_no_commands_make_no_request():
    assert list(chunks({}, 50)) == []
