"""New plugins out of templates: a package with an entry point, fixtures, and tests that are green at once."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mailbridge import __version__
from mailbridge.registry import parser_types, sink_names
from mailbridge.sdk import API, MailbridgeError

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_SUFFIX = ".j2"


class CannotMake(MailbridgeError):  # noqa: N818 - says what is known
    """The name is no name, or something lies there already."""

    exit_code = 64


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A kind of plugin that can be made.

    Attributes:
        kind: "parser" or "sink"; also the folder of its templates and the group of its entry point.
        about: What is made, for `--help`.
        expects: Whether `expected.json` has to be written beside each of its mails.
    """

    kind: str
    about: str
    expects: bool = False


SCAFFOLDS: Mapping[str, Scaffold] = {
    "parser": Scaffold("parser", "a parser for mails of one more sender", expects=True),
    "sink": Scaffold("sink", "a sink for one more CRM"),
}


def make(kind: str, name: str, folder: Path) -> list[Path]:
    """Write a new plugin; return its files, sorted.

    Args:
        kind: See SCAFFOLDS.
        name: Of the plugin: small letters, digits and _; the `type` or the table of its settings.
        folder: Where it goes; made if it is not there.

    Raises:
        CannotMake: The name can't be used or is taken, or the folder is not empty.
    """
    if not _NAME.fullmatch(name):
        raise CannotMake(f"{name!r} can't be the name of a plugin: small letters, digits and _, such as bell_widget")
    if name in [*parser_types(), *sink_names()]:
        raise CannotMake(f"there is a plugin called {name!r} already; `mailbridge plugins` lists them")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotMake(f"{folder} is there already: name an empty folder with --to, or another name")
    words = _words(kind, name)
    for path, text in _rendered(kind, words):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    if SCAFFOLDS[kind].expects:
        _expect(folder, name, words["class_name"])
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _words(kind: str, name: str) -> dict[str, Any]:
    title = name.replace("_", " ").title()
    class_name = "".join(part.capitalize() for part in name.split("_"))
    return {
        "kind": kind,
        "name": name,
        "title": title,
        "class_name": class_name,
        "dashed": name.replace("_", "-"),
        "api": API,
        "version": __version__,
    }


def _rendered(kind: str, words: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, variable_start_string="<<", variable_end_string=">>"
    )
    root = TEMPLATES / kind
    for file in sorted(root.rglob(f"*{_SUFFIX}")):
        path = (
            file.relative_to(root)
            .as_posix()
            .removesuffix(_SUFFIX)
            .replace("NAME", str(words["name"]))
            .replace("TESTS", "tests")
        )
        yield path, environment.from_string(file.read_text(encoding="utf-8")).render(words)


def _expect(folder: Path, name: str, class_name: str) -> None:
    """Write down what the new parser reads out of its mails: from then on a test holds it to that."""
    from mailbridge.testing.expecting import expectation, parser_in

    parser = parser_in(folder / "src" / f"mailbridge_{name}" / "__init__.py", f"{class_name}Parser")
    for mail in sorted(folder.glob("tests/mails/*/*/mail.eml")):
        text = json.dumps(expectation(mail.read_bytes(), [parser]), ensure_ascii=False, indent=2) + "\n"
        (mail.parent / "expected.json").write_text(text, encoding="utf-8")
