"""The `mailbridge` command: one file per command, errors become exit codes here."""

import sys

EXIT_CODES = {
    "ok": 0, "usage": 64, "data": 65, "unavailable": 69, "internal": 70, "path": 74, "waiting": 75,
    "refused": 77, "config": 78,
}  # fmt: skip
"""sysexits(3): what scripts and service managers rely on."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(_run())


def _run() -> int:
    import typer.exceptions

    from mailbridge.cli.app import app
    from mailbridge.sdk import MailbridgeError

    try:
        return int(app(standalone_mode=False) or 0)
    except typer.exceptions.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone; nothing can be told
        return 0
    except typer.exceptions.TyperException as error:
        return _usage(error)
    except MailbridgeError as error:
        print(f"mailbridge: {error}", file=sys.stderr)
        return int(getattr(error, "exit_code", EXIT_CODES["internal"]))


def _usage(error: Exception) -> int:
    words = error.format_message() if hasattr(error, "format_message") else str(error)
    if not words:
        return EXIT_CODES["usage"]  # the help was shown already
    print(f"mailbridge: {words}\nTry 'mailbridge --help' or 'mailbridge COMMAND --help'.", file=sys.stderr)
    return EXIT_CODES["usage"]
