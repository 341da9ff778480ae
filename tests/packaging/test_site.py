"""The documentation as a site, read as a browser would: pages, links, search, nothing from other servers."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html

from mailbridge import sdk

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(330)
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}


@pytest.fixture(scope="module")
def site():
    """Build it as `make docs` does."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "build_site.py"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return ROOT / "build" / "site"


@pytest.fixture(scope="module")
def pages(site):
    return {path: html.parse(path).getroot() for path in sorted(site.rglob("*.html")) if path.name != "404.html"}


def test_every_document_is_a_page(pages, site):
    ours = [path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")]
    wanted = {site / (one.parent if one.name in {"README", "index"} else one) / "index.html" for one in ours}
    assert len(wanted) > 50
    assert wanted - set(pages) == set()
    empty = [str(path) for path, page in pages.items() if len(page.cssselect("article")[0].text_content().split()) < 15]
    assert empty == []


def target_of(site, path, address):
    """Return the file of the site that a link leads to, and the place in it; None for other servers."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None, ""
    file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    return (file / "index.html" if file.is_dir() else file), unquote(parts.fragment)


def test_every_link_leads_to_a_place_that_is_there(pages, site):
    ids = {path: {one.get("id") for one in page.iter() if one.get("id")} for path, page in pages.items()}
    dead = []
    for path, page in pages.items():
        for link in page.iter("a"):
            file, anchor = target_of(site, path, link.get("href") or "")
            if file is not None and not (file.exists() and (not anchor or anchor in ids.get(file, {anchor}))):
                dead.append(f"{path.relative_to(site)}: {link.get('href')}")
    assert sum(len(one) for one in ids.values()) > 1000
    assert sorted(set(dead)) == []


def test_nothing_is_loaded_from_other_servers(pages, site):
    asked = [
        f"{path.relative_to(site)}: {one.get(name)}"
        for path, page in pages.items()
        for tag, name in LOADED.items()
        for one in page.iter(tag)
        if re.match(r"(?:[a-z]+:)?//", one.get(name) or "") and one.get("rel") != "canonical"
    ]
    assert asked == []
    sheets = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert len(sheets) > 10_000
    assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)]*", sheets) == []


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("quarantine", "operators/"), ("shutdown_s", "reference/configuration/"), ("thread_died", "runbook/"),
        ("--backfill", "reference/commands/"), ("карантине", "repository/README.ru/"),
        ("card_text", "reference/plugin-api/"),
    ],
)  # fmt: skip
def test_the_search_finds(site, word, place):
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    assert {"en", "ru"} <= set(index["config"]["lang"])
    found = {one["location"].partition("#")[0] for one in index["docs"] if word in one["text"] or word in one["title"]}
    assert place in found


def test_every_name_of_the_plugin_api_has_its_entry(pages, site):
    page = pages[site / "reference" / "plugin-api" / "index.html"]
    ids = {one.get("id") for one in page.iter() if one.get("id")}
    homes = {name: f"mailbridge.sdk.{sdk._MODULES[name]}.{name}" for name in sdk.__all__}
    assert [name for name, entry in homes.items() if entry not in ids] == []


def test_tables_and_snippets_are_read_as_such(pages, site):
    """A table that a blank line breaks, or a fence that is not closed, shows its signs to the reader."""
    raw = []
    for path, page in pages.items():
        for one in page.cssselect("article p, article li"):
            text = "".join(piece for piece in one.itertext())
            if re.search(r"^\|.*\|.*\|$|^```|\[[^\]]+\]\([^)]+\)|^:::", text, re.MULTILINE):
                raw.append(f"{path.relative_to(site)}: {text[:80]}")
    assert raw == []


def test_dead_links_end_the_build(tmp_path):
    (tmp_path / "docs").mkdir()
    text = "# Page\n\n[x](nowhere.md) [y](#no-anchor) [z](/absolute/)\n"
    (tmp_path / "docs" / "index.md").write_text(text, encoding="utf-8")
    (tmp_path / "docs" / "lost.md").write_text("# Not in the navigation\n", encoding="utf-8")
    own = f"INHERIT: {ROOT / 'mkdocs.yml'}\ndocs_dir: docs\nsite_dir: site\nplugins: []\nnav: [index.md]\n"
    (tmp_path / "mkdocs.yml").write_text(own, encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", tmp_path / "mkdocs.yml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1
    assert [one for one in ("nowhere.md", "no-anchor", "/absolute/", "lost.md") if one not in done.stderr] == []
    assert '"--strict"' in (ROOT / "tools" / "build_site.py").read_text(encoding="utf-8")
