"""The tables of what is tried name tests that exist; the snippets of the rules are configurations that work."""

import re
from pathlib import Path

import pytest

from mailbridge.config import load_settings

ROOT = Path(__file__).parents[2]
TABLES = [*sorted((ROOT / "docs" / "crm").glob("*.md")), ROOT / "docs" / "emulators.md"]
SNIPPETS = [ROOT / "docs" / "rules.md", ROOT / "docs" / "crm" / "salesforce.md"]


def known_tests():
    rules = (ROOT / "src" / "mailbridge" / "testing").glob("sinkrules_*.py")
    files = [*(ROOT / "tests").rglob("test_*.py"), *rules]
    names = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}
    return names | {file.stem for file in files}


@pytest.mark.parametrize("document", TABLES, ids=lambda path: path.name)
def test_every_test_that_a_table_names_exists(document):
    named = set(re.findall(r"`(test_\w+)(?:\.py)?`", document.read_text(encoding="utf-8")))
    assert sorted(named - known_tests()) == []


def snippets():
    for document in SNIPPETS:
        text = document.read_text(encoding="utf-8")
        for number, fence in enumerate(re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL), 1):
            yield pytest.param(fence, id=f"{document.name}-{number}")


@pytest.mark.parametrize("snippet", list(snippets()))
def test_every_snippet_is_a_configuration_that_loads(snippet, tmp_path):
    (tmp_path / "secret").write_text("https://example.bitrix24.ru/rest/1/code/", encoding="utf-8")
    text = re.sub(r'"/run/secrets/\w+"', '"secret"', snippet)
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    assert load_settings(tmp_path / "config.toml", {}).ledger.url.startswith("sqlite:")
