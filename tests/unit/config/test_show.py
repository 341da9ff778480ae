import json
import re
import tomllib

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from mailbridge.cli.app import app
from mailbridge.config.example import example_text
from mailbridge.config.load import reveal
from mailbridge.config.schema import config_schema
from mailbridge.config.settings import sink_model
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


@pytest.mark.parametrize(
    "url", ["postgresql://bridge:{}@db.example/leads", "postgresql://db.example/leads?user=bridge&password={}&port=5"]
)
def test_the_password_in_the_address_of_a_ledger_is_masked(url):
    assert reveal(url.format("s3cret")) == url.format("********")


def test_show_prints_file_and_defaults_without_secrets(tmp_path):
    path = tmp_path / "config.toml"
    (tmp_path / "recipes").mkdir()
    whole = re.sub(r"(?m)^#(?=[a-z\[])", "", example_text())
    path.write_text(re.sub(r'(password|token) = "change me"', r'\1 = "hidden"', whole), encoding="utf-8")
    shown = run("config", "show", "-c", str(path))
    assert "hidden" not in json.dumps(shown)
    assert shown["mailboxes"]["main"]["password"] == "********"
    assert shown["run"]["shutdown_s"] == 30
    assert shown["ledger"]["url"] == f"sqlite:///{tmp_path}/mailbridge.db"


def test_the_schema_names_every_table_and_resolves_within_itself():
    schema = run("config", "schema")
    assert {"ledger", "log", "run", "mailboxes", "sinks", "parsers"} <= schema["properties"].keys()
    text = json.dumps(schema)
    for reference in re.findall(r'"#/\$defs/([^"]+)"', text):
        assert reference in schema["$defs"]
    kinds = set(schema["properties"]["sinks"]["additionalProperties"]["discriminator"]["mapping"])
    assert kinds == set(sink_names())
    parsers = schema["$defs"]["parsers_table"]["properties"]
    assert parsers.keys() == parser_types().keys()


def unknown_to(schema, table, values, where=""):
    """Yield the keys of a file that a schema does not allow."""
    table = schema["$defs"][table["$ref"].rpartition("/")[2]] if "$ref" in table else table
    for part in table.get("anyOf", []):
        if part.get("type") != "null":
            table = {**table, **(schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part)}
    if "discriminator" in table:
        name = table["discriminator"]["mapping"][values["type"]].rpartition("/")[2]
        table = schema["$defs"][name]
    for key, value in values.items() if isinstance(values, dict) else ():
        inner = table.get("properties", {}).get(key, table.get("additionalProperties"))
        if inner is None or inner is False:
            yield f"{where}.{key}"
        elif isinstance(inner, dict) and inner.keys() - {
            "title",
            "description",
            "default",
            "examples",
        }:  # else anything
            yield from unknown_to(schema, inner, value, f"{where}.{key}")


def test_the_schema_allows_every_key_of_the_example_and_each_secret_from_its_file():
    schema = config_schema()
    text = re.sub(r"(?m)^#(?: or )?(?=[a-z\[])", "", example_text())
    text = text.replace('tls = "implicit"', 'tls = "implicit"\npassword_file = "p"')
    given = tomllib.loads(text)
    given["ledger"]["url_file"] = "l"
    for name, table in given["sinks"].items():
        for key, field in sink_model(table["type"]).model_fields.items():
            if "SecretStr" in str(field.annotation):
                given["sinks"][name][f"{key}_file"] = "s"
    assert list(unknown_to(schema, schema, given)) == []
    assert list(unknown_to(schema, schema, {"run": {"shutdown": 1}})) == [".run.shutdown"]


def test_a_required_secret_may_come_from_its_file_in_the_schema_too():
    table = config_schema()["$defs"]["bitrix24_sink"]
    assert table["required"] == ["type"]
    assert table["allOf"] == [{"oneOf": [{"required": ["url"]}, {"required": ["url_file"]}]}]


def test_the_schema_lets_no_unknown_key_pass():
    schema = config_schema()
    for name, table in {"": schema, **schema["$defs"]}.items():
        if table.get("type") == "object":
            assert table.get("additionalProperties") is False, name
