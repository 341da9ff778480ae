"""`mailbridge config`: an example, the JSON Schema, the effective settings."""

import sys

import typer

from mailbridge.cli.common import CONFIG, ConfigOption, JsonOption, emit_one, json_text

app = typer.Typer(help="The configuration.", no_args_is_help=True)


@app.command()
def example() -> None:
    """Print a commented configuration with every key."""
    from mailbridge.config.example import example_text

    sys.stdout.buffer.write(example_text().encode())  # TOML is UTF-8, whatever the terminal is


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from mailbridge.config.schema import config_schema

    print(json_text(config_schema(), indent=2))


@app.command()
def show(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Print the effective settings (file, environment, defaults) as JSON; secrets are masked."""
    from mailbridge.config import load_settings
    from mailbridge.config.load import reveal

    emit_one(reveal(load_settings(config)), as_json=as_json)
