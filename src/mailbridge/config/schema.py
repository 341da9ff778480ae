"""The JSON Schema of the configuration, for editors that complete and check TOML."""

from typing import Any

from mailbridge.config.settings import settings_model


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the file: the models, and KEY_file beside every secret KEY."""
    schema = settings_model().model_json_schema()
    for table in (schema, *schema["$defs"].values()):
        _take_files_for_secrets(table)
    return schema


def _take_files_for_secrets(table: dict[str, Any]) -> None:
    properties: dict[str, Any] = table.get("properties", {})
    secrets = [name for name, one in properties.items() if _is_secret(one)]
    for name in secrets:
        about = f"File that holds `{name}`; its last line break is not part of it. Relative to the configuration."
        properties[f"{name}_file"] = {"type": "string", "description": about}
    needed = [name for name in table.get("required", ()) if name in secrets]
    if needed:
        table["required"] = [name for name in table["required"] if name not in needed]
        table["allOf"] = [{"oneOf": [{"required": [name]}, {"required": [f"{name}_file"]}]} for name in needed]


def _is_secret(one: dict[str, Any]) -> bool:
    return any(part.get("writeOnly") for part in (one, *one.get("anyOf", ())))
