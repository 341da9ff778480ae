"""Versions of parsers beside what they read: a parser that reads a known mail differently has another version."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from mailbridge.sdk import Manifest
from mailbridge.testing.fixtures import Case


def readings(found: Iterable[Case], manifests: Iterable[Manifest]) -> dict[str, dict[str, Any]]:
    """Return of each parser its version, and of each fixture of it a digest of what it is expected to read."""
    table: dict[str, dict[str, Any]] = {one.name: {"version": one.version, "reads": {}} for one in manifests}
    for case in found:
        if (name := case.expected.get("parser")) in table:
            table[name]["reads"][case.name] = _digest(case.expected)
    return table


def unraised(known: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the fixtures that a parser of the same version reads differently than it is known to."""
    return [
        f"{name} reads {case} differently and still calls itself version {now[name]['version']}"
        for name, was in known.items()
        if name in now and was["version"] == now[name]["version"]
        for case, digest in was["reads"].items()
        if now[name]["reads"].get(case, digest) != digest
    ]


def _digest(expected: Mapping[str, Any]) -> str:
    told = {key: value for key, value in expected.items() if key in {"outcome", "reason", "interests"}}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]
