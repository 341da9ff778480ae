"""Looks for secrets in all files of the repository that git knows, and tells those that nobody has looked at.

`python tools/scan_secrets.py [--accept]`. What was looked at and is none stands in .secrets.baseline, as hashes;
`--accept` writes that file anew. Exit codes: 0 nothing new, 65 something that looks like a secret. No network is used.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from detect_secrets.core import baseline
from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.settings import default_settings, get_settings

FOUND = 65
KNOWN = ".secrets.baseline"
_HASHES = {"constraints.txt", "requirements.txt", KNOWN}
_MADE_UP = ("tests/", "fixtures/", "src/mailbridge/testing/", "bench/")
_TEXTS = (".md", ".po", ".pot")
_WORDS = "Secret Keyword"
_BY_LOOK = {_WORDS, "Base64 High Entropy String", "Hex High Entropy String", "Basic Auth Credentials"}
"""Detectors that go by words and disorder: passwords and ids of invented people have as much of both as real ones."""


def is_invented(filename: str, secret: str, plugin: BasePlugin) -> bool:
    """Whether to pass over a finding: in what tests are made of, and in words about passwords, all but real shapes.

    PASSWORD and BOT_TOKEN stand for what somebody else has to write there.
    """
    if plugin.secret_type in _BY_LOOK and re.fullmatch(r"[A-Z_]+", secret):
        return True
    if filename.endswith(_TEXTS) and plugin.secret_type == _WORDS:
        return True
    return filename.startswith(_MADE_UP) and plugin.secret_type in _BY_LOOK


def scanned(files: Sequence[str]) -> SecretsCollection:
    """Return what looks like a secret in some files."""
    found = SecretsCollection()
    with default_settings():
        get_settings().disable_filters("detect_secrets.filters.common.is_ignored_due_to_verification_policies")
        get_settings().configure_filters([*_filters(), {"path": f"file://{__file__}::{is_invented.__name__}"}])
        for file in files:
            found.scan_file(file)
    return found


def _filters() -> list[dict[str, str]]:
    return [one for one in get_settings().json()["filters_used"] if "::" not in one["path"]]


def tracked() -> list[str]:
    """Return the files of the repository that may hold secrets."""
    told = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout  # noqa: S607 - git
    return [name for name in told.split("\0") if name and name not in _HASHES and Path(name).is_file()]


def unknown(found: SecretsCollection, known: SecretsCollection) -> list[PotentialSecret]:
    """Return what was not looked at yet; where in its file it stands does not matter."""
    return [one for _, one in found if one not in known[one.filename]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan, tell, return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--accept", action="store_true", help="I have looked at all of them: none is a secret")
    given = parser.parse_args(arguments)
    found = scanned(tracked())
    if given.accept:
        for _, one in found:
            one.is_secret = False
        told = {"version": baseline.format_for_output(found)["version"], "results": found.json()}
        Path(KNOWN).write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    known = SecretsCollection.load_from_baseline(json.loads(Path(KNOWN).read_text(encoding="utf-8")))
    new = unknown(found, known)
    for one in new:
        print(f"{one.filename}:{one.line_number}: {one.type}")
    if new:
        print("Take it out, and change it wherever it is in use. If it is none: --accept.", file=sys.stderr)
    return FOUND if new else 0


if __name__ == "__main__":
    sys.exit(main())
