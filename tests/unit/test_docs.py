"""Documents are held against the program: commands, flags, links, events, exit codes, examples."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from mailbridge.cli import EXIT_CODES
from mailbridge.cli.app import app
from mailbridge.config.settings import settings_model
from mailbridge.mailbox.decode import decode
from mailbridge.observe.alert_texts import KINDS
from mailbridge.observe.events import EVENTS
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import parser_types, sink_names, sink_type
from mailbridge.testing.emulator import Fault

ROOT = Path(__file__).parents[2]
OPERATORS = ROOT / "docs" / "operators.md"
DOCUMENTS = sorted([
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("parsers/**/*.md"),
    *ROOT.glob("sinks/**/*.md"),
    *ROOT.glob("bench/*.md"),
])  # fmt: skip


def name_of(document):
    return str(document.relative_to(ROOT))


def fences(document, language):
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@cache
def commands():
    """Return every command: its words → its click command."""
    found = {}

    def descend(words, command):
        inner = getattr(command, "commands", None)
        if inner is None or (words and command.invoke_without_command):
            found[words] = command
        for name, one in (inner or {}).items():
            descend((*words, name), one)

    descend((), typer.main.get_command(app))
    return found


def written_calls():
    """Yield (document, words) of every `mailbridge …` that documents show, in sh fences and between backticks."""
    for document in DOCUMENTS:
        for fence in fences(document, "sh"):
            for line in fence.splitlines():
                for part in re.split(r"\s\|\s", line):
                    if part.startswith("mailbridge "):
                        yield document, tuple(shlex.split(part, comments=True)[1:])
        for code in re.findall(r"`mailbridge ([a-z][^`]*)`", document.read_text(encoding="utf-8")):
            if code != "key":  # `mailbridge key` is the name of a field in a CRM
                yield document, tuple(code.split())


def options_of(command):
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


def problem_of(words):
    words = words[: words.index(">")] if ">" in words else words
    given = [word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    for length in (2, 1):
        command = commands().get(words[:length])
        if command is not None:
            unknown = [option for option in given if option not in {*options_of(command), "-h", "--help"}]
            return f"{' '.join(words[:length])} has no {', '.join(unknown)}" if unknown else None
    if any(one[:1] == words[:1] for one in commands()) and len(words) == 1:
        return None  # a group, such as `mailbridge quarantine`
    if words[0] in {"--version", "--help"}:
        return None
    return f"no such command: {' '.join(words[:2])}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_that_are_shown_exist_with_their_flags(document):
    wrong = [problem_of(words) for where, words in written_calls() if where == document]
    assert [one for one in wrong if one] == []


def test_commands_are_found_in_the_documents():
    assert len(list(written_calls())) > 50


def test_make_targets_that_are_shown_exist():
    written = re.findall(r"^([a-z][a-z0-9 -]*):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    targets = {target for line in written for target in line.split()}
    for document in DOCUMENTS:
        shown = [
            line.split()[1] for fence in fences(document, "sh") for line in fence.splitlines() if line[:5] == "make "
        ]
        shown += re.findall(r"`make ([a-z][a-z0-9-]*)", document.read_text(encoding="utf-8"))
        assert set(shown) <= targets, name_of(document)


def test_operators_find_every_command():
    text = OPERATORS.read_text(encoding="utf-8")
    assert [" ".join(words) for words in commands() if f"`mailbridge {' '.join(words)}`" not in text] == []


def test_operators_find_every_option_of_the_commands_they_use():
    pages = (OPERATORS, *sorted((ROOT / "docs" / "howto").glob("*.md")))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    everywhere = {"--config", "--json", "--help", "--limit", "--since"}
    for words, command in commands().items():
        if words[0] in {"emulate", "parse"}:
            continue  # for developers; --help says all
        for option in options_of(command) - everywhere:
            assert not option.startswith("--") or f"`{option}" in text, f"{' '.join(words)} {option}"


def test_operators_find_every_exit_code():
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", OPERATORS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == EXIT_CODES


def test_the_reference_is_that_of_the_code():
    command = [sys.executable, ROOT / "tools" / "reference.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "run: make reference"


def test_every_page_is_in_the_navigation_of_the_site():
    named = re.findall(r"(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")]
    assert [page for page in pages if page not in named] == [], "name it in mkdocs.yml"
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in ROOT.glob("docs/decisions/0*.md") if f"]({path.name})" not in index] == []


def test_the_runbook_has_an_entry_for_whatever_warns():
    headings = re.findall(r"^##+ (\w+)$", (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    events = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    warned = re.findall(r"^\| `(\w+)` \|[^|]*(?:warning|error|critical)", events, re.MULTILINE)
    assert len(warned) > 20
    assert set(headings) == {*KINDS, *warned}
    assert len(headings) == len(set(headings))


def test_operators_find_every_reason_the_core_gives():
    reasons = set()
    for path in (ROOT / "src" / "mailbridge").rglob("*.py"):
        if "testing" not in path.parts:
            source = path.read_text(encoding="utf-8")
            reasons |= set(re.findall(r'(?:Undecodable\(|ParseError\(|"quarantined",)\s*"([a-z_]+)"', source))
    reasons -= {"ignored"}
    text = OPERATORS.read_text(encoding="utf-8")
    assert len(reasons) > 10
    assert sorted(reason for reason in reasons if f"`{reason}`" not in text) == []


def test_the_program_logs_its_events_and_no_others():
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "src" / "mailbridge").rglob("*.py")
        if path.name != "events.py" and "testing" not in path.parts
    )
    logged = set(re.findall(r'\blog\.(?:debug|info|warning|error|critical|exception)\(\s*"(\w+)"', source))
    logged |= set(re.findall(r'target=log\.\w+, args=\("(\w+)",\)', source))
    assert logged == set(EVENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document):
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}, target


def test_every_plugin_documents_itself_where_it_says():
    manifests = [kind.manifest for kind in parser_types().values()] + [
        sink_type(name).manifest for name in sink_names()
    ]
    missing = [one.docs for one in manifests if one.docs and "://" not in one.docs and not (ROOT / one.docs).exists()]
    assert missing == []


def test_the_list_of_parsers_says_what_their_manifests_say():
    text = (ROOT / "docs" / "parsers" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\w+)\]\(\w+\.md\) \|.*\| (\w+) \| (\w+) \|$", text, re.MULTILINE)
    manifests = [
        kind.manifest for name, kind in parser_types().items() if kind.__module__.startswith("mailbridge_parsers")
    ]
    assert sorted(rows) == sorted((one.name, one.evidence, one.trust) for one in manifests)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_configuration_that_is_shown_has_known_keys_only(document):
    known = settings_model().model_json_schema()
    for fence in fences(document, "toml"):
        tables = tomllib.loads(fence)
        if "project" in tables:
            continue  # pyproject.toml of a plugin
        assert set(tables) <= set(known["properties"]), fence
        for name, table in {**tables.get("mailboxes", {}), **tables.get("sinks", {})}.items():
            if "type" not in table:
                continue
            kind = next(
                one
                for one in known["$defs"].values()
                if one.get("properties", {}).get("type", {}).get("const") == table["type"]
            )
            keys = {
                key.removesuffix("_file") if key.removesuffix("_file") in kind["properties"] else key for key in table
            }
            assert keys <= set(kind["properties"]), f"{name}: {keys - set(kind['properties'])}"


def test_developers_find_every_marker_and_every_folder_of_tests():
    text = (ROOT / "docs" / "developers.md").read_text(encoding="utf-8")
    markers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"][
        "markers"
    ]
    assert [name for name in (marker.split(":")[0] for marker in markers) if f"| `{name}` |" not in text] == []
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in ROOT.glob("tests/*/**/*.py")}
    assert [name for name in sorted(folders) if f"`tests/{name}/`" not in text] == []


def test_faults_that_are_shown_are_faults():
    text = (ROOT / "docs" / "developers.md").read_text(encoding="utf-8")
    shown = [Fault(**json.loads(body)) for body in re.findall(r"_emulator/faults -d '(.*)'", text)]
    assert len(shown) >= 4
    kinds = Fault.__annotations__["kind"].__args__
    assert {fault.kind for fault in shown} <= set(kinds)
    assert [kind for kind in kinds if f"`{kind}`" not in text] == []


def test_the_parser_of_the_guide_reads_the_mail_of_the_guide():
    guide = ROOT / "docs" / "integrators.md"
    names = {}
    exec(compile(fences(guide, "python")[0], "integrators.md", "exec"), names)
    raw = fences(guide, "eml")[0].encode()
    reading = read_mail(decode(raw), Router([names["BellParser"](None)]), TrustRules())
    assert (reading.outcome, reading.reason, reading.detail) == ("parsed", None, "")
    interest = reading.interests[0].to_json()
    assert interest["author"]["name"] == "Ann Wood"
    assert interest["author"]["phones"] == ["+442079460002"]
    assert interest["source"]["url"] == "https://stoves.example/bricks/"
    changed = read_mail(decode(raw.replace(b"Phone", b"Fon")), Router([names["BellParser"](None)]), TrustRules())
    assert (changed.outcome, changed.reason) == ("quarantined", "no_phone")


def test_help_of_every_command_says_what_it_does():
    for words, command in commands().items():
        done = CliRunner().invoke(app, [*words, "--help"])
        assert done.exit_code == 0
        assert command.help, " ".join(words)
        assert all(parameter.help for parameter in command.params if hasattr(parameter, "help")), " ".join(words)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "crm").glob("*.md")), ids=lambda page: page.stem)
def test_what_is_said_to_be_tried_is_tried(page):
    """Every test that a page on a CRM names exists."""
    named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
    texts = [file.read_text(encoding="utf-8") for part in ("tests", "src") for file in (ROOT / part).rglob("*.py")]
    there = {name for text in texts for name in re.findall(r"def (test_\w+)", text)}
    assert named
    assert not named - there
