"""What a person decides by hand, through the real command line; every act leaves a transition."""

import json

import pytest


@pytest.fixture
def settled(office):
    """Three mails, delivered into a file."""
    for number in (1, 2, 3):
        office.arrive(number)
    code, _, err = office.run("run", "--once", "--new")
    assert code == 0, err
    return office


@pytest.fixture
def put(settled):
    """Put the first delivery into a state as if it had never been written; return its key."""

    def go(state, **values):
        key = settled.keys("file")[0]
        words = "".join(f", {name} = {value!r}" for name, value in values.items())
        settled.sql(f"UPDATE delivery SET state = '{state}', remote_id = NULL{words} WHERE key = ?", key)
        settled.sql("DELETE FROM step WHERE delivery_id = (SELECT id FROM delivery WHERE key = ?)", key)
        return key

    return go


def shown(office, key):
    code, out, err = office.run("deliveries", "show", key, "--json")
    assert code == 0, err
    return json.loads(out)


def by_hand(office, key):
    return [
        (one["old"], one["new"], one["why"]) for one in shown(office, key)["transitions"] if one["actor"] == "person"
    ]


def lines(office):
    return [json.loads(line)["key"] for line in (office.folder / "out.jsonl").read_text().splitlines()]


def drop_line(office, key):
    out = office.folder / "out.jsonl"
    out.write_text("".join(line for line in out.read_text().splitlines(keepends=True) if key not in line))


@pytest.mark.parametrize("state", ["dead", "cancelled", "doubt"])
def test_retry_searches_first_and_makes_nothing_twice(settled, put, state):
    key = put(state)
    assert settled.run("deliveries", "retry", key[:12])[0] == 0
    assert by_hand(settled, key) == [(state, "doubt", "retried by hand")]
    assert settled.run("run", "--once")[0] == 0
    assert shown(settled, key)["state"] == "delivered"
    assert lines(settled).count(key) == 1, "the search found the line"


def test_retry_sends_what_is_not_there(settled, put):
    key = put("dead")
    drop_line(settled, key)
    settled.run("deliveries", "retry", key)
    assert settled.run("run", "--once")[0] == 0
    assert lines(settled).count(key) == 1
    assert shown(settled, key)["state"] == "delivered"


def test_retry_of_one_that_waits_is_due_at_once(settled, put):
    key = put("waiting", due=4e9)
    drop_line(settled, key)
    assert settled.run("run", "--once")[0] == 75
    settled.run("deliveries", "retry", key)
    assert by_hand(settled, key) == [("waiting", "ready", "retried by hand")]
    assert settled.run("run", "--once")[0] == 0
    assert lines(settled).count(key) == 1


@pytest.mark.parametrize("state", ["ready", "waiting", "doubt", "dead"])
def test_cancelled_is_never_sent(settled, put, state):
    key = put(state)
    drop_line(settled, key)
    assert settled.run("deliveries", "cancel", key)[0] == 0
    assert by_hand(settled, key) == [(state, "cancelled", "cancelled by hand")]
    assert settled.run("run", "--once")[0] == 0
    assert key not in lines(settled)


@pytest.mark.parametrize("state", ["ready", "waiting", "doubt", "dead", "cancelled", "delivered"])
def test_resolved_is_delivered_under_the_id_that_the_person_gave(settled, put, state):
    key = put(state)
    drop_line(settled, key)
    assert settled.run("deliveries", "resolve", key, "--remote-id", "4711")[0] == 0
    assert by_hand(settled, key) == [(state, "delivered", "resolved by hand")]
    assert settled.run("run", "--once")[0] == 0
    assert (shown(settled, key)["state"], shown(settled, key)["remote_id"]) == ("delivered", "4711")
    assert key not in lines(settled)


@pytest.mark.parametrize(
    ("state", "act"),
    [
        ("delivered", ["cancel"]),
        ("delivered", ["retry"]),
        ("sending", ["cancel"]),
        ("sending", ["retry"]),
        ("sending", ["resolve", "--remote-id", "1"]),
        ("cancelled", ["cancel"]),
    ],
)
def test_what_is_final_or_in_flight_stays_and_no_act_is_noted(settled, put, state, act):
    key = put(state)
    _, _, err = settled.run("deliveries", act[0], key, *act[1:])
    assert "0 of 1" in err
    assert shown(settled, key)["state"] == state
    assert by_hand(settled, key) == []


def test_several_at_once_by_the_beginnings_of_their_keys(settled):
    keys = settled.keys("file")
    settled.sql("UPDATE delivery SET state = 'dead'")
    _, _, err = settled.run("deliveries", "cancel", *(key[:14] for key in keys))
    assert "3 of 3" in err
    assert {shown(settled, key)["state"] for key in keys} == {"cancelled"}


def test_a_key_that_names_none_or_several(settled):
    for command in (["show"], ["retry"], ["cancel"], ["resolve", "--remote-id", "1"]):
        name, *more = command
        code, _, err = settled.run("deliveries", name, "mb1-", *more)
        assert (code, "several" in err) == (65, True)
        code, _, err = settled.run("deliveries", name, "nothing-like-this", *more)
        assert (code, "nothing-like-this" in err, "mailbridge deliveries list" in err) == (65, True, True), err


def test_list_filters(settled, put):
    dead = put("dead", reason="refused for good")
    code, out, _ = settled.run("deliveries", "list", "--state", "dead", "--json")
    assert code == 0
    assert [(row["key"], row["reason"]) for row in map(json.loads, out.splitlines())] == [(dead, "refused for good")]
    assert len(settled.run("deliveries", "list", "--json")[1].splitlines()) == 3
    assert len(settled.run("deliveries", "list", "--json", "--limit", "2")[1].splitlines()) == 2
    assert settled.run("deliveries", "list", "--json", "--sink", "other")[1] == ""
    assert settled.run("deliveries", "list", "--json", "--since", "2099-01-01")[1] == ""
    assert settled.run("deliveries", "list", "--since", "soon")[0] == 64
    assert dead[:16] in settled.run("deliveries", "list")[1].replace("\n", "")


def test_show_tells_the_whole_story(settled):
    found = shown(settled, settled.keys("file")[0])
    assert [one["name"] for one in found["steps"]] == ["line"]
    assert [one["outcome"] for one in found["attempt_log"]] == ["delivered"]
    assert found["transitions"][-1]["new"] == "delivered"


def test_resume_ends_a_pause_and_is_noted(settled):
    settled.sql("UPDATE account SET pauses = 3, unusable = 1, paused_until = 4e9, pause_reason = 'no rights'")
    settled.arrive(4)
    assert settled.run("run", "--once")[0] == 75
    assert settled.run("deliveries", "resume", "file")[0] == 0
    assert settled.run("deliveries", "resume", "file")[0] == 0
    assert settled.sql("SELECT old, new, why FROM transition WHERE actor = 'person'") == [
        ("paused", "resumed", "account file resumed by hand")
    ]
    assert settled.run("run", "--once")[0] == 0
    assert len(lines(settled)) == 4
    code, _, err = settled.run("deliveries", "resume", "nobody")
    assert (code, "no account 'nobody'" in err) == (65, True)
