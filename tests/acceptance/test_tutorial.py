"""The tutorial, followed to the letter: its snippets run one after the other in a shell, and give what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(330)  # ten starts of the program, also on a machine that does much else
TUTORIAL = ROOT / "docs" / "tutorial.md"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Return heading → what its snippets print; the demo is left to its own test."""
    text = TUTORIAL.read_text(encoding="utf-8")
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "fixtures").symlink_to(ROOT / "fixtures")
    script = ["set -eu", f'export PATH="{Path(sys.executable).parent}:$PATH"']
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        script.append(f"echo '## {part.splitlines()[0]}'")
        script += [one for one in re.findall(r"^```sh\n(.*?)^```", part, re.MULTILINE | re.DOTALL) if "make" not in one]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    parts = (one.partition("\n") for one in re.split(r"^## ", done.stdout, flags=re.MULTILINE)[1:])
    return {heading.partition(". ")[2]: body for heading, _, body in parts}


def test_mails_are_read_without_a_configuration(told):
    assert "parsed by wordpress" in told["What would be read"]
    assert "ignored (auto_reply)" in told["What would be read"]


def test_two_mails_become_two_interests(told):
    printed = told["Run it once"]
    assert printed.count("delivered") == 2
    assert printed.count('"schema": "mailbridge.interest/1"') == 2


def test_nothing_comes_twice_and_nothing_is_dropped(told):
    printed = told["Nothing comes twice, nothing is dropped"]
    assert printed.count("delivered") == 2
    assert printed.count("not_a_mail") == 1


def test_the_demo_is_the_one_that_has_a_test_of_its_own():
    assert "make demo ONCE=1" in TUTORIAL.read_text(encoding="utf-8")
    assert "demo" in (ROOT / "tests" / "acceptance" / "test_demo.py").read_text(encoding="utf-8")
