import ast
from importlib import import_module
from pathlib import Path

import pytest

from mailbridge import sdk

SOURCE = Path(sdk.__file__)


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


def test_no_name_hides_a_module():
    modules = {path.stem for path in SOURCE.parent.glob("*.py")}
    assert not modules & set(sdk.__all__)
