import json
import re

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from mailbridge.cli.app import app
from mailbridge.config.example import example_text
from mailbridge.config.load import reveal
from mailbridge.config.settings import settings_model, sink_model
from mailbridge.registry import parser_types, sink_names


def run(*arguments):
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", sink_names())
def test_every_secret_of_every_sink_is_masked(kind):
    model = sink_model(kind)
    secrets = [name for name, field in model.model_fields.items() if "SecretStr" in str(field.annotation)]
    values = {name: SecretStr(f"hidden-{name}") for name in secrets}
    shown = reveal(model.model_construct(type=kind, **values))
    assert {name: shown[name] for name in secrets} == dict.fromkeys(secrets, "********")
    assert "hidden-" not in json.dumps(shown)


@pytest.mark.parametrize("kind", sink_names())
def test_fields_that_sound_like_secrets_are_secrets(kind):
    for name, field in sink_model(kind).model_fields.items():
        if re.search(r"token|secret|password|private", name):
            assert "SecretStr" in str(field.annotation), name


def test_show_prints_file_and_defaults_without_secrets(tmp_path):
    path = tmp_path / "config.toml"
    whole = re.sub(r"(?m)^#(?=[a-z\[])", "", example_text())
    path.write_text(re.sub(r'(password|token) = "change me"', r'\1 = "hidden"', whole), encoding="utf-8")
    shown = run("config", "show", "-c", str(path))
    assert "hidden" not in json.dumps(shown)
    assert shown["mailboxes"]["main"]["password"] == "********"
    assert shown["run"]["parse_workers"] == 1
    assert shown["ledger"]["url"] == f"sqlite:///{tmp_path}/mailbridge.db"


def test_the_schema_names_every_table_and_resolves_within_itself():
    schema = run("config", "schema")
    assert schema == settings_model().model_json_schema()
    assert {"ledger", "log", "run", "mailboxes", "sinks", "parsers"} <= schema["properties"].keys()
    text = json.dumps(schema)
    for reference in re.findall(r'"#/\$defs/([^"]+)"', text):
        assert reference in schema["$defs"]
    kinds = set(schema["properties"]["sinks"]["additionalProperties"]["discriminator"]["mapping"])
    assert kinds == set(sink_names())
    parsers = schema["$defs"]["parsers_table"]["properties"]
    assert parsers.keys() == parser_types().keys()


def test_the_schema_lets_no_unknown_key_pass():
    schema = settings_model().model_json_schema()
    for name, table in {"": schema, **schema["$defs"]}.items():
        if table.get("type") == "object":
            assert table.get("additionalProperties") is False, name
