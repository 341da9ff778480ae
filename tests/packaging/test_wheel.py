"""What is installed is what is in the repository, and it works far away from it."""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TREES = {"mailbridge": "src", "mailbridge_parsers": "parsers", "mailbridge_sinks": "sinks"}
LEFT_OUT = {".pyc", ".pyo"}


def run(*command, cwd, **environment):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAILBRIDGE_", "PYTHON"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Build the source distribution, and out of it alone the wheel, as whoever installs from an index gets it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (sdist,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="session")
def names(built):
    with zipfile.ZipFile(built[1]) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_three_packages_and_its_metadata_only(names, built):
    tops = {name.split("/")[0] for name in names}
    (info,) = tops - set(TREES)
    assert info.startswith("mailbridge_daemon-")
    assert info.endswith(".dist-info")
    assert built[1].name.endswith("-py3-none-any.whl")


def test_the_wheel_holds_every_file_of_the_three_trees(names):
    for package, folder in TREES.items():
        tracked = run("git", "ls-files", "-z", f"{folder}/{package}", cwd=ROOT).split("\0") if _is_checkout() else ()
        found = [name.removeprefix(f"{folder}/") for name in tracked if name and (ROOT / name).exists()]
        assert [name for name in found if name not in names] == []
        for must in ("py.typed", "__init__.py"):
            assert f"{package}/{must}" in names
    assert "mailbridge/ledger/migrations/script.py.mako" in names
    assert any(name.startswith("mailbridge/ledger/migrations/versions/0001") for name in names)


def _is_checkout():
    return (ROOT / ".git").exists()


def test_the_wheel_holds_the_mails_of_the_demo(names):
    mails = {path.relative_to(ROOT / "fixtures/mails").as_posix() for path in ROOT.glob("fixtures/mails/*/*/*.*")}
    assert mails
    assert sorted(mails - {name.removeprefix("mailbridge/testing/mails/") for name in names}) == []


def test_the_wheel_holds_nothing_that_was_only_made_here(names):
    wrong = [name for name in names if "__pycache__" in name or Path(name).suffix in {*LEFT_OUT, ".db", ".log"}]
    assert wrong == []
    assert not any("/tests/" in name for name in names)


def test_the_source_distribution_can_be_tested(built):
    with tarfile.open(built[0]) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for must in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "config.example.toml", "tests/conftest.py"):
        assert must in names


@pytest.fixture(scope="session")
def installed(built, tmp_path_factory):
    """A fresh environment with the wheel, and the dependencies of this one beside it."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", built[1], cwd=folder)
    _lend_dependencies(
        folder, Path(run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=folder).strip())
    )
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return python, elsewhere


def _lend_dependencies(folder, site_packages):
    import alembic

    lent = folder / "dependencies"
    lent.mkdir()
    for path in Path(alembic.__file__).parents[1].iterdir():
        if "mailbridge" not in path.name.lower() and path.suffix != ".pth":
            (lent / path.name).symlink_to(path)
    (site_packages / "dependencies.pth").write_text(f"{lent}\n", encoding="utf-8")


def test_the_program_says_its_version(installed):
    python, elsewhere = installed
    version = run(python.parent / "mailbridge", "--version", cwd=elsewhere)
    assert version.split()[0] == "mailbridge"
    assert run(python, "-m", "mailbridge", "--version", cwd=elsewhere) == version


def test_every_plugin_of_the_project_loads_out_of_the_wheel(installed):
    python, elsewhere = installed
    script = (
        "import json, sys, mailbridge\n"
        "from mailbridge.registry import parser_types, sink_names, sink_type\n"
        "kinds = {**parser_types(), **{name: sink_type(name) for name in sink_names()}}\n"
        "where = {name: sys.modules[kind.__module__].__file__ for name, kind in kinds.items()}\n"
        "print(json.dumps({**where, 'core': mailbridge.__file__}))\n"
    )
    where = json.loads(run(python, "-c", script, cwd=elsewhere))
    assert all(path.startswith(str(python.parents[1])) for path in where.values()), where
    points = PROJECT["entry-points"]
    assert set(where) == {*points["mailbridge.parsers"], *points["mailbridge.sinks"], "core"}


def test_a_shipped_mail_is_read_from_anywhere(installed):
    python, elsewhere = installed
    mails = run(python, "-c", "from mailbridge.testing.fixtures import folder; print(folder())", cwd=elsewhere).strip()
    assert mails.startswith(str(python.parents[1]))
    mail = next(iter(sorted(Path(mails).glob("isso/*/mail.eml"))))
    row = json.loads(run(python.parent / "mailbridge", "parse", "--json", mail, cwd=elsewhere))
    expected = json.loads((mail.parent / "expected.json").read_text(encoding="utf-8"))
    assert (row["outcome"], row["parser"]) == (expected["outcome"], expected["parser"])


def test_the_installed_program_makes_a_ledger_and_reads_a_folder(installed, tmp_path):
    python, elsewhere = installed
    mail = (ROOT / "fixtures" / "mails" / "isso" / "comment_en" / "mail.eml").read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.eml").write_bytes(mail)
    config = tmp_path / "config.toml"
    config.write_text(
        '[mailboxes.drop]\ntype = "directory"\npath = "in"\n[sinks.file]\ntype = "jsonl"\npath = "out.jsonl"\n',
        encoding="utf-8",
    )
    run(python.parent / "mailbridge", "run", "--once", "--new", "-c", config, cwd=elsewhere)
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_a_new_parser_is_green_at_once_wherever_the_wheel_is_installed(installed, tmp_path):
    python, _ = installed
    mailbridge = python.parent / "mailbridge"
    made = run(mailbridge, "new", "parser", "bell_widget", cwd=tmp_path).split()
    assert "mailbridge-bell-widget/tests/test_parser.py" in made
    package = tmp_path / "mailbridge-bell-widget"
    assert " passed" in run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package)
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", package, cwd=tmp_path)
    plugins = [json.loads(line) for line in run(mailbridge, "plugins", "--json", cwd=tmp_path).splitlines()]
    assert "bell_widget" in [one["name"] for one in plugins]
    mail = package / "tests" / "mails" / "bell_widget" / "request_ru" / "mail.eml"
    row = json.loads(run(mailbridge, "parse", "--json", mail, cwd=tmp_path))
    assert (row["outcome"], row["parser"]) == ("parsed", "bell_widget")
    run(*pip, "uninstall", "--quiet", "--yes", "mailbridge-bell-widget", cwd=tmp_path)


def test_a_new_sink_is_green_at_once_wherever_the_wheel_is_installed(installed, tmp_path):
    python, _ = installed
    mailbridge = python.parent / "mailbridge"
    made = run(mailbridge, "new", "sink", "acme", cwd=tmp_path).split()
    package = tmp_path / "mailbridge-acme"
    for file in ("README.md", "tests/emulator.py", "tests/test_sink.py", "src/mailbridge_acme/sink.py"):
        assert f"mailbridge-acme/{file}" in made
    assert " passed" in run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package)
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", package, cwd=tmp_path)
    plugins = [json.loads(line) for line in run(mailbridge, "plugins", "--json", cwd=tmp_path).splitlines()]
    assert "acme" in [one["name"] for one in plugins]
    (tmp_path / "config.toml").write_text(
        '[mailboxes.drop]\ntype = "directory"\npath = "."\n[sinks.main]\ntype = "acme"\n'
        'url = "https://acme.example"\ntoken = "t"\nowner = "7"\n',
        encoding="utf-8",
    )
    assert "fine" in run(mailbridge, "check", "-c", tmp_path / "config.toml", cwd=tmp_path)
    run(*pip, "uninstall", "--quiet", "--yes", "mailbridge-acme", cwd=tmp_path)
