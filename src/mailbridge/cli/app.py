"""All commands, in the order `--help` shows them."""

from typing import Annotated

import typer

from mailbridge import __version__
from mailbridge.cli import (
    alert,
    audit,
    backup,
    canary,
    check,
    config,
    deliveries,
    demo,
    doctor,
    emulate,
    fixture,
    health,
    init,
    interests,
    layouts,
    login,
    mails,
    new,
    nodes,
    parse,
    personal,
    plugins,
    quarantine,
    recipes,
    replay,
    report,
    restore,
    run,
    trust,
)

app = typer.Typer(
    name="mailbridge",
    help="Reads one shared mailbox of notification mails and writes every interest into the CRM, exactly once.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mailbridge {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Reads one shared mailbox of notification mails and writes every interest into the CRM, exactly once."""


app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("login")(login.login)
app.command("run")(run.run)
app.command("check")(check.check)
app.command("parse")(parse.parse)
app.command("replay")(replay.replay)
app.add_typer(mails.app, name="mails")
app.add_typer(interests.app, name="interests")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(deliveries.app, name="deliveries")
app.command("report")(report.report)
app.command("nodes")(nodes.nodes)
app.command("health")(health.health)
app.command("doctor")(doctor.doctor)
app.add_typer(alert.app, name="alert")
app.command("canary")(canary.canary)
app.command("trust")(trust.trust)
app.command("audit")(audit.audit)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("export")(personal.export)
app.command("erase")(personal.erase)
app.command("emulate")(emulate.emulate)
app.command("plugins")(plugins.plugins)
app.add_typer(config.app, name="config")
app.add_typer(new.app, name="new")
app.add_typer(fixture.app, name="fixture")
app.add_typer(recipes.app, name="recipes")
app.add_typer(layouts.app, name="layouts")
