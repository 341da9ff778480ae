"""The container and service files, read as what builds and runs them would read them."""

import configparser
import fnmatch
import json
import re
import shlex
from pathlib import Path

import pytest
import typer.main

from mailbridge.cli import EXIT_CODES
from mailbridge.cli.app import app
from mailbridge.config.settings import RunSettings

ROOT = Path(__file__).parents[2]
REGISTRY = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(io|com|org|dev|net|ru|cloud)\b(?!\.)")


def instructions():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    joined = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def stages():
    found = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def given(word, stage):
    return [rest for name, rest in stage if name == word]


def test_it_is_built_in_one_stage_and_run_in_another():
    build, final = stages()
    assert given("FROM", build)[0].endswith("AS build")
    assert all(rest.startswith("--from=build ") for rest in given("COPY", final))
    assert not any("pip" in rest for rest in given("RUN", final))


def test_base_images_are_named_by_version_and_without_a_registry():
    arguments = dict(rest.split("=") for word, rest in instructions() if word == "ARG")
    for stage in stages():
        image = given("FROM", stage)[0].split()[0]
        for name, value in arguments.items():
            image = image.replace(f"${{{name}}}", value)
        assert re.fullmatch(r"python:3\.\d+-slim", image)


@pytest.mark.parametrize("name", ["Dockerfile", "deploy/compose.yaml", "deploy/mailbridge.service"])
def test_no_file_names_a_host_or_a_moving_version(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r"org\.opencontainers\.\S+", "", text)
    assert not re.search(r":latest\b|https?://", text)
    assert not [found.group() for found in REGISTRY.finditer(text)]


def test_what_is_installed_was_checked_by_its_hash():
    build = stages()[0]
    pips = [
        part for rest in given("RUN", build) for part in rest.split("&&") if re.search(r"\bpip (install|wheel)", part)
    ]
    assert len(pips) == 4
    for call in pips:
        assert "--require-hashes" in call or "--no-index" in call, call
    assert not given("ADD", build)


def test_it_runs_as_a_user_without_rights():
    final = stages()[-1]
    user = given("USER", final)[-1]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert final.index(("USER", user)) < final.index(("ENTRYPOINT", given("ENTRYPOINT", final)[0]))


def test_the_ledger_lies_in_the_volume():
    final = stages()[-1]
    (volume,) = json.loads(given("VOLUME", final)[0])
    assert f"MAILBRIDGE_LEDGER__URL=sqlite:///{volume}/mailbridge.db" in " ".join(given("ENV", final))
    assert f"-m 0700 {volume}" in " ".join(given("RUN", final))


def test_everything_that_is_copied_exists_and_is_not_ignored():
    for rest in given("COPY", stages()[0]):
        *sources, _ = rest.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert not is_ignored(source), source


def test_commands_of_the_image_exist():
    final = stages()[-1]
    assert json.loads(given("ENTRYPOINT", final)[0]) == ["mailbridge"]
    assert_command(json.loads(given("CMD", final)[0]))
    health = given("HEALTHCHECK", final)[0]
    program, *words = json.loads(health[health.index("[") :])
    assert program == "mailbridge"
    assert_command(words)


def assert_command(words):
    command = typer.main.get_command(app).commands[words[0]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words[1:] if word.startswith("-")} <= known


def ignore_rules():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def is_ignored(path):
    """The last rule that names the path or a folder above it decides (the builder's own rule)."""
    ignored = False
    parts = Path(path).parts
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    for rule in ignore_rules():
        pattern = rule.lstrip("!")
        tails = [tail for one in above for tail in ([one, *_tails(one)] if pattern.startswith("**/") else [one])]
        if any(fnmatch.fnmatchcase(tail, pattern.removeprefix("**/")) for tail in tails):
            ignored = not rule.startswith("!")
    return ignored


def _tails(path):
    parts = path.split("/")
    return ["/".join(parts[count:]) for count in range(1, len(parts))]


@pytest.mark.parametrize(
    "path",
    [".git/config", ".venv/bin/python", "mailbridge.db", "mailbridge.db-wal", "src/mailbridge.db.reserve",
     "src/mailbridge.db", "config.toml", "deploy/crm.secret", "src/mailbridge/__pycache__/x.pyc", "tests/conftest.py"],
)  # fmt: skip
def test_nothing_private_gets_into_the_build(path):
    assert is_ignored(path)


@pytest.mark.parametrize(
    "path", ["src/mailbridge/app.py", "fixtures/mails/isso/comment_en/mail.eml", "constraints.txt"]
)
def test_what_the_build_needs_gets_into_it(path):
    assert not is_ignored(path)


def service():
    parsed = configparser.RawConfigParser(strict=False)
    parsed.optionxform = str
    parsed.read_string((ROOT / "deploy" / "mailbridge.service").read_text(encoding="utf-8"))
    return parsed["Service"]


def test_the_service_starts_a_command_that_exists():
    program, *words = shlex.split(service()["ExecStart"])
    assert Path(program).name == "mailbridge"
    assert_command(words)


def test_the_service_is_not_restarted_when_a_person_has_to_act():
    codes = {int(code) for code in service()["RestartPreventExitStatus"].split()}
    assert codes == {EXIT_CODES["usage"], EXIT_CODES["refused"], EXIT_CODES["config"]}


def test_service_and_container_wait_longer_than_the_daemon_drains():
    drain_s = RunSettings().shutdown_s
    assert int(service()["TimeoutStopSec"]) > drain_s + 5
    grace = re.search(r"stop_grace_period: (\d+)s", (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    assert int(grace[1]) > drain_s + 5


def test_service_and_container_have_no_rights_and_a_read_only_root():
    own = service()
    for key, value in {
        "User": "mailbridge",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "CapabilityBoundingSet": "",
    }.items():
        assert own[key] == value
    compose = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    for part in (
        "read_only: true",
        "no-new-privileges:true",
        "- ALL",
        "/var/lib/mailbridge",
        "/etc/mailbridge/config.toml:ro",
    ):
        assert part in compose
