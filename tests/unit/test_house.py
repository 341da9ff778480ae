"""The rules of the house that no other tool checks: sizes, reasons, words, imports."""

import ast
import re
import statistics
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("src", "parsers", "sinks")
MAX_FILE = 400
MAX_FUNCTION = 60
MAX_MEDIAN = 12


@cache
def sources(*folders):
    return {
        path.relative_to(ROOT): path.read_text(encoding="utf-8")
        for one in folders
        for path in (ROOT / one).rglob("*.py")
    }


def functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def test_no_file_is_too_long():
    files = sources(*CODE, "tests")
    assert len(files) > 200
    migrations = "migrations/versions"  # made by a tool, read top to bottom
    long = {str(path): text.count("\n") for path, text in files.items() if text.count("\n") > MAX_FILE}
    assert {path: length for path, length in long.items() if migrations not in path} == {}


def test_no_function_is_too_long():
    long = {
        f"{path}:{name}": length
        for path, text in sources(*CODE, "tests").items()
        if "migrations/versions" not in str(path)
        for name, length in functions(text)
        if length > MAX_FUNCTION
    }
    assert long == {}


@pytest.mark.parametrize("folder", CODE)
def test_most_functions_are_short(folder):
    lengths = [length for text in sources(folder).values() for _, length in functions(text)]
    assert statistics.median(lengths) < MAX_MEDIAN


def _is_code(rule):
    return re.fullmatch(r'\s*(?:"[A-Z]+\d*",?\s*)+', rule) is not None


def test_every_rule_that_is_switched_off_has_its_reason_beside_it():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lint = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.pydocstyle]")]
    bare = []
    reason = ""
    for line in lint.splitlines():
        rules, _, comment = line.partition("#")
        if _is_code(rules):
            family = re.search(r'"([A-Z]+)', rules)[1]
            if not comment.strip() and reason != family:
                bare.append(line.strip())
            reason = family if comment.strip() or reason == family else ""
    assert bare == [], "a rule without a reason (one reason may stand for the rules of its family that follow it)"


def test_every_ignored_warning_says_why():
    """`# noqa: CODE - why`, or the reason in the line above."""
    bare = []
    for path, text in sources(*CODE).items():
        lines = text.splitlines()
        for number, line in enumerate(lines):
            found = re.search(r"# (?:noqa|type: ignore)\S*(?:[:\[] ?[A-Z0-9a-z, -]+\]?)?(.*)$", line)
            if found and "noqa" in line and not re.search(r"# noqa: [A-Z]+\d+(?:, [A-Z]+\d+)* ?(?:- \w|$)", line):
                bare.append(f"{path}:{number + 1}: {line.strip()}")
    assert bare == []


def test_nothing_is_left_open():
    marks = re.compile(r"\b(?:TO" + "DO|FIX" + r"ME|XX" + "X)\\b")
    found = [
        f"{path}:{number}"
        for path, text in {**sources(*CODE, "tests", "bench")}.items()
        for number, line in enumerate(text.splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


FORBIDDEN = {
    # word in a name that the core gives to something: what it is called here
    "lead": "interest (a lead is an object in a CRM)",
    "letter": "mail",
    "inbox": "mailbox",
    "backend": "sink",
    "queue": "outbox, quarantine",
    "job": "delivery, or Job of worker.py",
}
FOREIGN = {"testing"}  # emulators speak the language of the CRM they imitate
NAMED = {
    "src/mailbridge/ledger/engine.py": {"backend"},  # the word of SQLAlchemy for a kind of database
    "src/mailbridge/worker.py": {"job"},  # one mail to read, for a process that may die
    "src/mailbridge/stations/reading.py": {"job"},
    "src/mailbridge/stations/replaying.py": {"job"},
    "src/mailbridge/sdk/layout.py": {"lead"},  # the words that lead in to a value
}


def given_names(text):
    """Yield the names that a module gives: functions, classes, parameters, variables, attributes."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def words_of(name):
    return set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_").split("_"))


def test_the_core_has_one_word_for_one_thing():
    wrong = []
    for path, text in sources("src").items():
        if FOREIGN.isdisjoint(path.parts):
            allowed = NAMED.get(str(path), set())
            for name in set(given_names(text)):
                wrong += [
                    f"{path}: {name}: say {FORBIDDEN[word]}" for word in words_of(name) & FORBIDDEN.keys() - allowed
                ]
    assert sorted(wrong) == []


def test_the_program_speaks_of_nothing_but_itself():
    """No path of a developer's machine, no host of a package index."""
    private = re.compile(r"/(?:work|root|home/(?!leads\b)\w+)/|pypi" + r"\.org|files\.python" + r"hosted")
    texts = dict(sources(*CODE, "tests", "bench"))
    for pattern in ("*.md", "*.toml", "docs/**/*.md", "deploy/*", "Makefile", "Dockerfile", ".ci/*"):
        texts |= {
            path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in ROOT.glob(pattern) if path.is_file()
        }
    assert [
        str(path) for path, text in texts.items() if private.search(text) and path.name != Path(__file__).name
    ] == []


def test_plugins_of_the_project_are_all_entry_points():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for group, package in (("parsers", "parsers/mailbridge_parsers"), ("sinks", "sinks/mailbridge_sinks")):
        section = text.split(f'[project.entry-points."mailbridge.{group}"]')[1].split("\n[")[0]
        named = set(re.findall(r"mailbridge_\w+\.(\w+):", section))
        found = {
            path.stem for path in (ROOT / package).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
        }
        assert {one for one in found if not one.startswith("_")} == named


@pytest.mark.slow
def test_the_import_contracts_hold():
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    kept = re.search(r"Contracts: (\d+) kept, 0 broken", done.stdout)
    assert int(kept[1]) == (ROOT / "pyproject.toml").read_text(encoding="utf-8").count(
        "[[tool.importlinter.contracts]]"
    )


def test_sql_that_is_put_together_of_text_is_refused(tmp_path):
    """By `make check`: values are parameters, so that no word of a mail is ever a statement."""
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    file = tmp_path / "src" / "mailbridge" / "ledger" / "persons.py"
    file.parent.mkdir(parents=True)
    file.write_text("def ask(name: str) -> str:\n    return f\"SELECT id FROM mail WHERE sender = '{name}'\"\n")
    ruff = Path(sys.executable).with_name("ruff")
    done = subprocess.run(
        [ruff, "check", "--no-cache", file], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "S608" in done.stdout
