import re
import tomllib
from pathlib import Path

import pytest

from mailbridge.config.example import MAILBOXES, example_text
from mailbridge.config.settings import Settings, inner_model, parser_model, sink_model
from mailbridge.registry import parser_types, sink_names

COMMITTED = Path(__file__).parents[3] / "config.example.toml"


def test_the_committed_example_is_what_the_program_prints():
    assert COMMITTED.read_text(encoding="utf-8") == example_text(), "mailbridge config example > config.example.toml"


def test_the_example_loads_as_it_stands(load):
    settings = load(example_text())
    assert list(settings.mailboxes) == ["main"]
    assert list(settings.sinks) == ["file"]


def test_the_example_loads_with_every_table_and_every_default_taken_in(load):
    settings = load(re.sub(r"(?m)^#(?=[a-z\[])", "", example_text()))
    assert [mailbox.type for mailbox in settings.mailboxes.values()] == ["imap", "directory", "maildir", "mbox"]
    assert sorted(sink.type for sink in settings.sinks.values()) == sink_names()
    assert all(table is not None for _, table in settings.parsers)


def test_a_table_of_the_example_works_with_its_required_keys_only(load):
    """What the head of the example promises: name and (required) lines are enough."""
    for table in re.findall(r"(?m)^#\[(?:mailboxes|sinks)\..*(?:\n.+)*", example_text()):
        header, kind = re.findall(r"(?m)^#(\[.*|type = .*)", table)
        required = re.findall(r"# \(required\)[^\n]*\n(?:# [^\n]*\n)*#(\w+ = [^\n]*)", table)
        assert required, header
        load("\n".join([header, kind, *required]))


def test_defaults_in_the_example_are_the_defaults(load):
    plain, full = load(example_text()), load(re.sub(r"(?m)^#(?=[a-z\[])", "", example_text()))
    for group in ("ledger", "log", "run", "limits", "retention"):
        defaults = getattr(plain, group).model_dump(exclude_none=True)
        assert {name: getattr(full, group).model_dump()[name] for name in defaults} == defaults
    given = plain.mailboxes["main"].model_dump(exclude_none=True)
    assert {name: full.mailboxes["main"].model_dump()[name] for name in given} == given


def _models():
    yield from (
        (name, type(Settings.model_fields[name].default)) for name in ("ledger", "log", "run", "limits", "retention")
    )
    yield from ((f"mailboxes.{name}", model) for name, (model, _) in MAILBOXES.items())
    names = {"amocrm": "amo", "bitrix24": "bitrix", "jsonl": "file"}
    yield from ((f"sinks.{names.get(kind, kind)}", sink_model(kind)) for kind in sink_names())
    yield from ((f"parsers.{name}", parser_model(name)) for name in parser_types())


@pytest.mark.parametrize(("table", "model"), list(_models()), ids=lambda one: one if isinstance(one, str) else "")
def test_every_key_of_every_table_is_in_the_example(table, model):
    block = example_text().split(f"[{table}]\n", 1)[1].split("\n\n", 1)[0]
    for name, field in model.model_fields.items():
        if field.annotation is type(None):
            continue  # nothing may be given there
        assert re.search(rf"(?m)^(#|# or )?{name} = ", block), name
        inner = inner_model(field)
        for key in inner.model_fields if inner else ():
            assert re.search(rf"\b{key}\b", block), f"{name}.{key}"


@pytest.mark.parametrize(("table", "model"), list(_models()), ids=lambda one: one if isinstance(one, str) else "")
def test_every_key_says_what_it_means(table, model):
    for name, field in model.model_fields.items():
        assert field.description or name == "type", f"[{table}] {name}"


def test_samples_look_like_values_and_not_like_holes():
    values = re.findall(r"(?m)^(?:#|# or )?(\w+) = (.*)$", example_text())
    assert [name for name, value in values if " here" in value or "/path/to" in value] == []


def test_the_example_is_toml_without_any_change():
    assert set(tomllib.loads(example_text())) == {
        "ledger", "log", "run", "limits", "retention", "trust", "recipes", "watch", "alerts", "report", "http",
        "mailboxes", "sinks",
    }  # fmt: skip
