"""Every snippet of the documents is tried: by a shell, the command line, the configuration, Python."""

import re
import shlex
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import typer.main
from pydantic import ValidationError

from mailbridge.cli.app import app
from mailbridge.config.settings import settings_model

ROOT = Path(__file__).parents[2]
FOLDERS = (".", "docs", "parsers", "sinks", "bench")
DOCUMENTS = sorted({*ROOT.glob("*.md"), *(path for one in FOLDERS[1:] for path in (ROOT / one).glob("**/*.md"))})
READ_BY = {
    "sh": "this file",
    "toml": "this file",
    "python": "this file, test_docs.py and test_sinks_docs.py",
    "eml": "test_docs.py and test_recipes.py, with the parser or recipe beside it",
    "recipe": "test_recipes.py",
    "sql": "component/ledger/test_postgres.py",
    "text": "nobody: nothing in it can be run",
}
"""Language of a fence → what holds it against the program."""


def fences(document):
    """Return (line, language, text) of every fence."""
    text = document.read_text(encoding="utf-8")
    found = re.finditer(r"^```([a-z]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, one.start()) + 1, one[1], one[2]) for one in found]


def cases(language):
    return [
        pytest.param(text, id=f"{path.relative_to(ROOT)}:{line}")
        for path in DOCUMENTS
        for line, kind, text in fences(path)
        if kind == language
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_snippet_says_what_it_is(document):
    assert [(line, kind) for line, kind, _ in fences(document) if kind not in READ_BY] == []
    text = document.read_text(encoding="utf-8")
    assert text.count("\n```") == 2 * len(fences(document)), "a fence is not closed"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_a_shell_can_read_every_snippet():
    wrong = [one.id for one in cases("sh") if _refuses(one.values[0])]
    assert wrong == []
    assert _refuses("if true; then\n")


def _refuses(text):
    return subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False).returncode != 0


def calls(text):
    """Yield the words behind `mailbridge` of every call in a snippet."""
    for line in re.sub(r"<<'(\w+)'\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL).splitlines():
        for part in re.split(r"\s(?:\||&&)\s", line):
            words = shlex.split(part, comments=True)
            if words and words[0].rpartition("/")[2] == "mailbridge":
                yield words[1 : words.index(">")] if ">" in words else words[1:]


@cache
def command_line():
    return typer.main.get_command(app)


def refusal(words, command=None, parent=None):
    """Return why the command line does not take these words, None when it does. Nothing is run."""
    command = command or command_line()
    if words and words[0] in {"--version", "--install-completion", "--show-completion"}:
        return None
    inner = getattr(command, "commands", {})
    if inner and words and words[0] in inner:
        return refusal(words[1:], inner[words[0]], parent)
    if inner and words and not words[0].startswith("-"):
        return f"no such command: {words[0]}"
    try:
        command.make_context("mailbridge", list(words), parent=parent)
    except Exception as error:  # noqa: BLE001 - whatever it says is wrong with the document
        said = error.format_message() if hasattr(error, "format_message") else repr(error)
        return None if "does not exist" in said else said or repr(error)
    return None


@pytest.mark.parametrize("text", [one for one in cases("sh") if "mailbridge" in one.values[0]])
def test_the_command_line_takes_every_call(text):
    wrong = {" ".join(words): why for words in calls(text) if (why := refusal(words))}
    assert wrong == {}


def test_a_call_that_is_wrong_is_found():
    for words in ("run --onec", "deliveries resolve", "mails list --limit many", "parse --trust perhaps x.eml", "rum"):
        assert refusal(words.split()), words
    assert len([one for text in cases("sh") for one in calls(text.values[0])]) > 80


@pytest.mark.parametrize("text", cases("toml"))
def test_the_configuration_takes_every_table(text):
    """A snippet may leave out what it is not about; what it shows has to be valid."""
    tables = tomllib.loads(text)
    if "project" in tables or "tool" in tables:
        return  # pyproject.toml of a plugin
    assert _wrong(with_secrets(tables)) == []


def _wrong(tables):
    try:
        settings_model().model_validate(tables)
    except ValidationError as error:
        return [f"{one['loc']}: {one['msg']}" for one in error.errors() if one["type"] not in LEFT_OUT]
    return []


LEFT_OUT = {"missing", "union_tag_not_found"}


def with_secrets(value):
    """Return the tables as the loader does, with made-up secrets for those that stand in files."""
    if isinstance(value, dict):
        files = {key.removesuffix("_file"): _made_up(key) for key in value if _names_a_secret(key)}
        return files | {key: with_secrets(one) for key, one in value.items() if not _names_a_secret(key)}
    return [with_secrets(one) for one in value] if isinstance(value, list) else value


def _made_up(key):
    return "https://portal.example/rest/1/secret/" if key == "url_file" else "made-up secret of some length"


def _names_a_secret(key):
    return key.endswith("_file") and key != "ca_file"


def test_a_table_that_is_wrong_is_found():
    assert _wrong({"run": {"shutdown_s": "soon"}})
    assert _wrong({"mailboxes": {"main": {"type": "imap", "hots": "imap.example.org"}}})
    assert _wrong({"sinks": {"sales": {"type": "amocrm", "language": "fr"}}})


def test_the_example_for_translators_runs():
    (text,) = [text for _, kind, text in fences(ROOT / "docs" / "developers.md") if kind == "python"]
    names = {}
    exec(compile(text, "developers.md", "exec"), names)
    assert names["TITLE"] == "Interests by source"


def skeleton(document):
    """Return what is the same in every language: snippets without comments, code and links."""
    text = document.read_text(encoding="utf-8")
    snippets = [(kind, re.sub(r"\s*#.*", "", body)) for _, kind, body in fences(document)]
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)]+)\)", prose) if not link.startswith("README")]
    levels = re.findall(r"^#+(?= )", prose, re.MULTILINE)
    return snippets, sorted(re.findall(r"`[^`\n]+`", prose)), sorted(links), levels


def test_the_readme_says_the_same_in_russian():
    english, russian = skeleton(ROOT / "README.md"), skeleton(ROOT / "README.ru.md")
    for ours, theirs in zip(english, russian, strict=True):
        assert [one for one in ours if one not in theirs] == []
        assert [one for one in theirs if one not in ours] == []
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", (ROOT / "README.ru.md").read_text("utf-8"), flags=re.DOTALL)
    assert len(re.findall("[а-яё]", prose)) > 2 * len(re.findall("[a-z]", prose))
