"""What comes from others is pinned by hash, asked about, listed; what is ours holds no secret."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[2]


def program(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


audit_deps, sbom, scan_secrets = map(program, ("audit_deps", "sbom", "scan_secrets"))


def test_every_package_is_pinned_to_a_version_and_to_hashes():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    asked = [line for line in text.splitlines() if line and line[0] not in "# "]
    assert len(asked) > 100
    assert [line for line in asked if "==" not in line] == []
    pinned = sbom.hashes(text)
    assert len(pinned) == len(asked)
    assert [name for name, sums in pinned.items() if not sums] == []


def test_what_runs_is_a_part_of_what_is_tested():
    runs, tested = (sbom.hashes((ROOT / name).read_text()) for name in ("requirements.txt", "constraints.txt"))
    assert sbom.needs_of(sbom.asked_for(["postgres"])).keys() - {""} == runs.keys()
    assert {name: tested.get(name) for name in runs} == runs


def test_whatever_is_installed_by_the_documents_and_the_build_is_checked_by_hash():
    files = [ROOT / "Makefile", ROOT / "Dockerfile", *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    calls = [
        line
        for file in files
        for line in re.sub(r"\\\n", " ", file.read_text(encoding="utf-8")).splitlines()
        if re.search(r"\bpip\S* (install|wheel) ", line) and re.search(r"(?:constraints|requirements)\.txt", line)
    ]
    assert len(calls) >= 4
    assert [line for line in calls if "--require-hashes" not in line] == []


GOOD = {"name": "httpx", "version": "1.0", "vulns": []}
BAD = {"name": "lxml", "version": "1.0", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["1.1"]}]}
UNASKED = {"name": "rich", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("packages", "code", "told"),
    [
        ([GOOD], 0, "No known vulnerabilities in 1 packages."),
        ([GOOD, BAD], 65, "lxml 1.0: CVE-2026-1 (fixed in: 1.1)"),
        ([GOOD, UNASKED], 69, "knows nothing of 1 of 2 packages"),
        ([BAD, UNASKED], 65, "knows nothing of 1 of 2 packages"),
        ([], 69, "NOT AUDITED"),
    ],
)
def test_what_was_not_looked_up_is_never_called_healthy(packages, code, told):
    found, lines = audit_deps.verdict(packages)
    assert found == code
    assert told in "\n".join(lines)


def test_without_the_advisory_service_the_audit_fails_and_says_so(tmp_path, monkeypatch, capfd):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = tmp_path / "constraints.txt"
    file.write_text(f"idna==3.10 --hash=sha256:{'0' * 64}\n")
    assert audit_deps.main([str(file), "--service", "osv"]) == 69
    said = capfd.readouterr()
    assert said.out == ""
    assert "NOT AUDITED: the advisory service (osv) gave no answer" in said.err


def test_the_bill_lists_what_runs_and_nothing_of_developers():
    needs = sbom.needs_of(sbom.asked_for(["postgres"]))
    assert {"httpx", "h11", "lxml", "psycopg", "psycopg-binary"} <= needs.keys()
    assert "h11" in needs["httpcore"]
    assert needs.keys().isdisjoint({"pytest", "mypy", "ruff", "pip-audit", "hypothesis", "uvicorn"})
    assert "psycopg" not in sbom.needs_of(sbom.asked_for([]))


def test_the_bill_is_valid_and_names_hashes():
    def part(name, **more):
        return {"bom-ref": f"{name}==1", "name": name, "type": "library", **more}

    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"bom-ref": "root", "name": "mailbridge-daemon", "type": "application"}},
        "components": [part("APScheduler", version="3"), part("tzlocal", version="5"), part("pytest", version="9")],
        "dependencies": [{"ref": "APScheduler==1", "dependsOn": ["tzlocal==1", "pytest==1"]}],
    }
    needs = {"": {"apscheduler"}, "apscheduler": {"tzlocal"}, "tzlocal": set()}
    made = sbom.pruned(bill, needs, {"tzlocal": ["a" * 64]})
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(made)) is None
    assert [one["name"] for one in made["components"]] == ["APScheduler", "tzlocal"]
    assert made["components"][1]["properties"][0]["value"] == "a" * 64
    assert {"ref": "root", "dependsOn": ["APScheduler==1"]} in made["dependencies"]
    assert {"ref": "APScheduler==1", "dependsOn": ["tzlocal==1"]} in made["dependencies"]


REAL = {  # put together here, or the scan would find them
    "AWS Access Key": "AKIA" + "QXZ7P2M4N6R8T1VW",
    "GitHub Token": "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx",
    "Private Key": "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEAx4" * 4 + "\n-----END RSA PRIVATE KEY-----",
    "Slack Token": "xoxb-" + "123456789012-1234567890123-abcdefghijklmnopqrstuvwx",
}


@pytest.mark.parametrize("place", ["src/mailbridge/new.py", "tests/unit/test_new.py", "docs/new.md"])
@pytest.mark.parametrize("kind", REAL)
def test_a_real_key_is_found_wherever_it_is(place, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = Path(place)
    file.parent.mkdir(parents=True)
    file.write_text(f'KEY = """{REAL[kind]}"""\n')
    found = scan_secrets.scanned([place])
    assert kind in {one.type for _, one in found}
    assert scan_secrets.unknown(found, scan_secrets.SecretsCollection())


@pytest.mark.parametrize(("place", "is_found"), [("src/mailbridge/new.py", True), ("tests/unit/test_new.py", False)])
def test_a_password_is_none_in_tests_only(place, is_found, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(place).parent.mkdir(parents=True)
    Path(place).write_text('password = "hunter2-of-the-firm"\n')
    assert bool(list(scan_secrets.scanned([place]))) is is_found


def test_what_was_looked_at_is_there_and_was_judged():
    known = json.loads((ROOT / scan_secrets.KNOWN).read_text(encoding="utf-8"))["results"]
    assert [file for file in known if not (ROOT / file).is_file()] == []
    assert all(one["is_secret"] is False for some in known.values() for one in some)
