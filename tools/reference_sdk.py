"""The page on what a plugin may import: names from the code; their signatures come in when the site is built."""

from mailbridge import sdk

HEAD = """\
# Plugin API

All that a plugin may import: `from mailbridge.sdk import …`. What each part is for: [the SDK](../sdk.md). The site
shows every name with its signature and meaning; elsewhere they stand in `src/mailbridge/sdk/`.
"""


def sdk_page() -> str:
    """Return the page."""
    homes = {name: sdk._MODULES[name] for name in sdk.__all__}  # noqa: SLF001 - where each name lives, known there only
    return HEAD + "".join(_module(one, [name for name in homes if homes[name] == one]) for one in _sorted(homes))


def _sorted(homes: dict[str, str]) -> list[str]:
    return sorted(set(homes.values()))


def _module(name: str, names: list[str]) -> str:
    members = "\n".join(f"        - {one}" for one in names)
    options = "    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n      members:"
    return f"\n## {name}\n\n::: mailbridge.sdk.{name}\n{options}\n{members}\n"
