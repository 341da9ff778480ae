"""`mailbridge new`: a plugin that passes its tests at once."""

from pathlib import Path
from typing import Annotated

import typer

from mailbridge.cli.common import tell

app = typer.Typer(help="Make a plugin of your own: a package whose tests are green at once.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and _, such as bell_widget.")]
FolderOption = Annotated[
    Path | None, typer.Option("--to", metavar="DIR", help="Where it goes.", show_default="mailbridge-NAME")
]


@app.command()
def parser(name: NameArgument, to: FolderOption = None) -> None:
    """Make a parser for mails of one more sender."""
    _make("parser", name, to)


@app.command()
def sink(name: NameArgument, to: FolderOption = None) -> None:
    """Make a sink for one more CRM."""
    _make("sink", name, to)


def _make(kind: str, name: str, to: Path | None) -> None:
    from mailbridge.testing.scaffold import make

    folder = to or Path(f"mailbridge-{name.replace('_', '-')}")
    for file in make(kind, name, folder):
        print(file)
    tell(f"try it: cd {folder} && pytest   (README.md says what to do next)")
