"""Writes the bill of materials (CycloneDX 1.6, JSON) of what runs: the program and what it needs, no developer tools.

`python tools/sbom.py [--extra NAME] FILE`. What is installed is listed, with licences and what needs what, and beside
each package the hashes that constraints.txt allows. The same installation gives the same bytes.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
_PINNED = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)((?:\s*\\\n\s+--hash=sha256:[0-9a-f]{64})+)", re.MULTILINE
)


def asked_for(extras: Iterable[str]) -> list[Requirement]:
    """Return what the program itself asks for, with some of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    return [Requirement(one) for some in lists for one in some]


def needs_of(asked: Sequence[Requirement]) -> dict[str, set[str]]:
    """Return the names of all packages that are needed, here and for what was asked, with those that each needs.

    Raises:
        PackageNotFoundError: One of them is not installed.
    """
    needs: dict[str, set[str]] = {"": {canonicalize_name(one.name) for one in asked}}
    seen: set[tuple[str, frozenset[str]]] = set()
    left = list(asked)
    while left:
        one = left.pop()
        key = canonicalize_name(one.name), frozenset(one.extras)
        if key in seen:
            continue
        seen.add(key)
        further = [
            other
            for other in map(Requirement, requires(one.name) or ())
            if other.marker is None or any(other.marker.evaluate({"extra": extra}) for extra in {"", *one.extras})
        ]
        needs.setdefault(key[0], set()).update(canonicalize_name(other.name) for other in further)
        left += further
    return needs


def hashes(constraints: str) -> dict[str, list[str]]:
    """Return the hashes of the files of each pinned package, by its canonical name."""
    return {
        canonicalize_name(name): re.findall(r"sha256:([0-9a-f]{64})", told)
        for name, _, told in _PINNED.findall(constraints)
    }


def pruned(
    bill: Mapping[str, Any], needs: Mapping[str, set[str]], known: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return a bill of an environment without what is not needed to run the program.

    What needs what is told anew: the tool takes everything that an optional part would use for needed once it is there.
    """
    root = bill["metadata"]["component"]
    root = {**root, "version": version(root["name"])}
    refs = {canonicalize_name(one["name"]): one["bom-ref"] for one in bill["components"]} | {"": root["bom-ref"]}
    return {
        **bill,
        "metadata": {**bill["metadata"], "component": root},
        "components": [
            _hashed(one, known.get(name, ()))
            for one in bill["components"]
            if (name := canonicalize_name(one["name"])) in needs
        ],
        "dependencies": [
            {"ref": refs[name], "dependsOn": sorted(refs[other] for other in needs[name])} for name in sorted(needs)
        ],
    }


def _hashed(component: Mapping[str, Any], sums: Sequence[str]) -> dict[str, Any]:
    return {**component, "properties": [{"name": "mailbridge:sha256", "value": one} for one in sums]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the bill."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--extra", action="append", default=[], help="an extra that is installed too")
    parser.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", str(ROOT / "pyproject.toml")]
    command += ["--output-reproducible", "--output-format", "JSON", "--spec-version", "1.6", sys.executable]
    bill = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    pinned = hashes((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    text = (
        json.dumps(pruned(bill, needs_of(asked_for(given.extra)), pinned), indent=2, ensure_ascii=False, sort_keys=True)
        + "\n"
    )
    if flaw := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        print(f"the bill is not valid: {flaw}", file=sys.stderr)
        return 70
    given.file.parent.mkdir(parents=True, exist_ok=True)
    given.file.write_text(text, encoding="utf-8")
    print(f"{len(json.loads(text)['components'])} packages in {given.file}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
