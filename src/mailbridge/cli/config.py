"""`mailbridge config`: an example, the JSON Schema, the effective settings."""

import json

import typer

from mailbridge.cli.common import CONFIG, ConfigOption

app = typer.Typer(help="The configuration.", no_args_is_help=True)


@app.command()
def example() -> None:
    """Print a commented configuration with every key."""
    from mailbridge.config.example import example_text

    typer.echo(example_text(), nl=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from mailbridge.config.settings import settings_model

    typer.echo(json.dumps(settings_model().model_json_schema(), ensure_ascii=False, indent=2))


@app.command()
def show(config: ConfigOption = CONFIG) -> None:
    """Print the effective settings (file, environment, defaults) as JSON; secrets are masked."""
    from mailbridge.config import load_settings
    from mailbridge.config.load import reveal

    typer.echo(json.dumps(reveal(load_settings(config)), ensure_ascii=False, indent=2))
