"""The first configuration of somebody: what was answered is set, every other key stands beside it with its default."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from mailbridge.config.example import comment_lines, keys_of, toml
from mailbridge.config.load import MAILBOX_MODELS
from mailbridge.config.settings import Settings, sink_model
from mailbridge.config.tables import is_secret

HEAD = """\
# Configuration of mailbridge, written by `mailbridge init`. `#key = value` shows a default: take the # away to set it.
# Secrets lie in files of their own; every key can also come from the environment, such as
# MAILBRIDGE_SINKS__SALES__TOKEN. Relative paths are relative to this file. All tables: `mailbridge config example`.
# After a change: mailbridge check --connect
"""

Tables = Mapping[str, Mapping[str, Any]]


def starter_text(ledger: Mapping[str, Any], mailboxes: Tables, sinks: Tables) -> str:
    """Return a configuration with these tables.

    Args:
        ledger: Keys of [ledger].
        mailboxes: NAME → keys of [mailboxes.NAME], with type.
        sinks: NAME → keys of [sinks.NAME], with type.
    """
    blocks = [HEAD, _block("[ledger]", type(Settings.model_fields["ledger"].default), ledger)]
    blocks += [_block(f"[mailboxes.{name}]", MAILBOX_MODELS[box["type"]], box) for name, box in mailboxes.items()]
    blocks += [_block(f"[sinks.{name}]", sink_model(sink["type"]), sink) for name, sink in sinks.items()]
    return "\n".join(blocks)


def _block(header: str, model: type[BaseModel], given: Mapping[str, Any]) -> str:
    about = comment_lines(" ".join((model.__doc__ or "").split()))
    return "\n".join([*about, header, *_given(model, given), *_others(model, given)]) + "\n"


def _given(model: type[BaseModel], given: Mapping[str, Any]) -> Iterator[str]:
    for name, value in given.items():
        field = model.model_fields.get(name.removesuffix("_file") if name not in model.model_fields else name)
        if name != "type" and field is not None:
            yield from comment_lines(field.description or "")
        yield f"{name} = {toml(value)}"


def _others(model: type[BaseModel], given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys that may be added; not those of another way in, nor secrets, which belong into files."""
    for line in keys_of(model):
        known = line.name in given or f"{line.name}_file" in given
        if line.role == "optional" and not known and not is_secret(model.model_fields[line.name]):
            yield from comment_lines(line.about)
            yield f"#{line.name} = {toml(line.value)}"
