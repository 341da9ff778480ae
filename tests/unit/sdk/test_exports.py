import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from mailbridge import sdk

SOURCE = Path(sdk.__file__)
DOCUMENT = Path(__file__).parents[3] / "docs" / "sdk.md"


def imports_for_type_checkers():
    block = next(node for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body if isinstance(node, ast.If))
    return {
        (node.module.removeprefix("mailbridge.sdk."), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_what_type_checkers_see_is_what_can_be_imported():
    table = {(module, name) for module, names in sdk._HOMES.items() for name in names.split()}
    assert imports_for_type_checkers() == table
    assert {name for _, name in table} == set(sdk.__all__)
    assert len(table) == len(sdk.__all__)


@pytest.mark.parametrize("name", sdk.__all__)
def test_every_name_is_that_of_its_module(name):
    home = import_module(f"mailbridge.sdk.{sdk._MODULES[name]}")
    assert getattr(sdk, name) is getattr(home, name)
    assert name in dir(sdk)


def test_a_misspelt_name_is_refused_as_in_any_module():
    with pytest.raises(ImportError, match="Intrest"):
        from mailbridge.sdk import Intrest  # noqa: F401
    assert not hasattr(sdk, "Intrest")


def documented():
    """Yield (module, name) of the tables in docs/sdk.md; a row without a module goes on with the one above."""
    module = ""
    for row in re.findall(r"^\|(.*?)\|(.*?)\|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE):
        module = next(iter(re.findall("`(.+?)`", row[0])), module)
        yield from ((module, name) for name in re.findall("`(.+?)`", row[1]))


def test_the_document_names_every_module_and_no_name_that_is_not_there():
    told = set(documented())
    assert told <= {(module, name) for name, module in sdk._MODULES.items()}
    assert {module for module, _ in told} == set(sdk._HOMES)


def test_no_name_hides_a_module():
    modules = {path.stem for path in SOURCE.parent.glob("*.py")}
    assert not modules & set(sdk.__all__)
