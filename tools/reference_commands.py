"""The page on every command, out of the command line itself."""

from collections.abc import Iterator
from typing import Any

import typer.main

from mailbridge.cli.app import app
from tables import cell, code, table

HEAD = """\
# Commands

Every command with its arguments and options, as `--help` tells them. What they are for, by task:
[Operating mailbridge](../operators.md). Results go to standard output, all else to standard error:
[exit codes](errors.md).
"""


def commands_page() -> str:
    """Return the page."""
    return HEAD + "".join(f"\n## {' '.join(words)}\n\n{_one(words, command)}\n" for words, command in commands())


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the words of every command that does something, and the command."""
    yield from _below(("mailbridge",), typer.main.get_command(app))


def _below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", {})
    if not inner or (len(words) > 1 and command.invoke_without_command):
        yield words, command
    for name, one in inner.items():
        yield from _below((*words, name), one)


def _one(words: tuple[str, ...], command: Any) -> str:
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    arguments = [one for one in shown if one.param_type_name == "argument"]
    usage = " ".join([*words, "[OPTIONS]", *(_usage(one) for one in arguments)])
    parts = [cell((command.help or "").split("\f")[0]), f"```text\n{usage}\n```"]
    if shown:
        rows = [_row(one) for one in (*arguments, *(one for one in shown if one not in arguments))]
        parts.append(table(("argument or option", "value", "default", "meaning"), rows))
    return "\n\n".join(parts)


def _usage(one: Any) -> str:
    name = (one.metavar or one.name).strip("[]. ").upper() + ("..." if one.nargs == -1 else "")
    return name if one.required else f"[{name}]"


def _row(one: Any) -> tuple[str, str, str, str]:
    if one.param_type_name == "argument":
        return code(_usage(one).strip("[]")), "", _default(one), cell(one.help or "")
    value = "" if one.is_flag else one.metavar or one.name.upper()
    return code(", ".join([*one.opts, *one.secondary_opts])), code(value), _default(one), cell(one.help or "")


def _default(one: Any) -> str:
    if one.required:
        return "required"
    shown = one.show_default if isinstance(one.show_default, str) else one.default
    nothing = shown is None or shown is False or shown in {"", ()} or callable(shown)
    return "" if nothing else code(str(getattr(shown, "value", shown)))
