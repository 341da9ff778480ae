"""Builds the documentation as a site, build/site, out of docs/ and the documents beside the code.

What docs/ links to outside of itself is copied below `repository/`, and links are turned there, so that the pages stand
on their own. Everything wrong ends the build: a dead link or anchor, a page that is missing in the navigation.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREE = ROOT / "build" / "docs"
OUTSIDE = "repository"
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
LANGUAGES = {".service": "ini", ".timer": "ini", ".yaml": "yaml", ".json": "json"}
BESIDE = ("README.md", "README.ru.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


def documents() -> Iterator[Path]:
    """Yield every page, as paths of the repository."""
    yield from sorted((ROOT / "docs").rglob("*.md"))
    yield from (ROOT / name for name in BESIDE)
    yield from sorted([*ROOT.glob("sinks/**/README.md"), *ROOT.glob("parsers/**/README.md")])


def place(path: Path) -> Path:
    """Return where a file of the repository lies in the tree of pages."""
    own = path.relative_to(ROOT)
    if own.parts[0] == "deploy" and path.is_dir():
        return TREE / OUTSIDE / "deploy" / "README.md"
    own = own / "README.md" if path.is_dir() else own
    return TREE / own.relative_to("docs") if own.parts[0] == "docs" else TREE / OUTSIDE / own


def turned(path: Path, text: str) -> str:
    """Return a page with links that hold in the tree; what they lead to is copied there."""

    def turn(found: re.Match[str]) -> str:
        target, mark, anchor = found[1].partition("#")
        file = path.parent / target
        if not target or re.match(r"[a-z]+:", target) or not file.exists():
            return found[1]
        return os.path.relpath(_taken(file.resolve()), place(path).parent) + mark + anchor

    parts = FENCE.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(turn, part) for part in parts)


def _taken(file: Path) -> Path:
    to = place(file)
    if file.is_file() and file.suffix != ".md":
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to)
    return to


def deploy_page() -> str:
    """Return the page with every file of deploy/."""
    files = [path for path in sorted((ROOT / "deploy").rglob("*")) if path.suffix in LANGUAGES]
    parts = ["# Files for services and containers\n\nAs they lie in `deploy/`.\n"]
    for path in files:
        body = path.read_text(encoding="utf-8")
        if len(body) > 20_000:
            _taken(path)
            parts.append(f"## {path.relative_to(ROOT)}\n\n[{path.name}]({path.relative_to(ROOT / 'deploy')})\n")
        else:
            parts.append(f"## {path.relative_to(ROOT)}\n\n```{LANGUAGES[path.suffix]}\n{body}\n```\n")
    return "\n".join(parts)


def lay_out() -> None:
    """Make the tree of pages anew."""
    shutil.rmtree(TREE, ignore_errors=True)
    pages = {place(path): turned(path, path.read_text(encoding="utf-8")) for path in documents()}
    pages[place(ROOT / "deploy")] = deploy_page()
    for to, text in pages.items():
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text, encoding="utf-8")
    shutil.copyfile(ROOT / "tools" / "site.css", TREE / "site.css")


def main() -> int:
    """Lay out the pages and build the site."""
    lay_out()
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", "-f", str(ROOT / "mkdocs.yml")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "true", "DISABLE_MKDOCS_2_WARNING": "true"}
    done = subprocess.run(command, env=environment, check=False, cwd=ROOT)
    if not done.returncode:
        print(ROOT / "build" / "site" / "index.html")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
