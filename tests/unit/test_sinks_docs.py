"""The guides are held against the kits and against what `mailbridge new sink` makes."""

import ast
import re
import textwrap
from pathlib import Path

import pytest

from mailbridge.testing.parsers import ParserSuite
from mailbridge.testing.rulebook import rules_of, rules_table
from mailbridge.testing.scaffold import make
from mailbridge.testing.sinks import SinkSuite
from mutants.all import table

GUIDE = Path(__file__).parents[2] / "docs" / "sinks.md"
PARSERS = GUIDE.with_name("integrators.md")
TUTORIAL, REST = GUIDE.read_text(encoding="utf-8").split("## Read back", 1)


def between(mark, text=REST):
    return re.search(rf"<!-- {mark} -->\n(.*?)\n?<!-- /{mark} -->", text, re.DOTALL)[1]


def test_the_guide_has_the_table_of_rules():
    table_now = rules_table(SinkSuite)
    assert between("rules") == table_now, f"the table between <!-- rules --> has to be:\n{table_now}"


def test_the_guide_for_parsers_has_the_table_of_their_rules():
    text, table_now = PARSERS.read_text(encoding="utf-8"), rules_table(ParserSuite)
    assert between("rules", text) == table_now, f"the table between <!-- rules --> has to be:\n{table_now}"


def test_the_guide_quotes_make_mutants():
    assert between("mutants") == table(), f"the table between <!-- mutants --> has to be:\n{table()}"


@pytest.mark.parametrize(("suite", "least"), [(SinkSuite, 24), (ParserSuite, 7)])
def test_every_rule_says_what_it_proves(suite, least):
    rules = rules_of(suite)
    assert len({one.rule for one in rules}) >= least
    assert all(len(one.sentence) > 40 for one in rules)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new") / "acme"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in make("sink", "acme", folder)}


@pytest.mark.parametrize("fence", re.findall(r"^```python\n(.*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL))
def test_every_line_of_code_of_the_tutorial_stands_in_the_package(fence, package):
    assert any(fence in text for text in package.values()), fence


@pytest.mark.parametrize("fence", re.findall(r"^```python\n(.*?)^```", REST, re.MULTILINE | re.DOTALL))
def test_other_code_can_be_read(fence):
    ast.parse(textwrap.dedent(fence))


def test_the_files_of_the_tutorial_are_those_of_the_package(package):
    for name in re.findall(r"`((?:src|tests)/[\w/]+\.py)`", TUTORIAL):
        assert name in package
    assert 'acme = "mailbridge_acme:AcmeSink"\n' in package["pyproject.toml"]
