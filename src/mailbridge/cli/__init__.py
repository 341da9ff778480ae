"""The `mailbridge` command: one file per command, errors become exit codes here."""

import errno
import os
import sys
import traceback

EXIT_CODES = {
    "ok": 0, "usage": 64, "data": 65, "unavailable": 69, "internal": 70, "path": 74, "waiting": 75,
    "refused": 77, "config": 78,
}  # fmt: skip
"""sysexits(3): what scripts and service managers rely on."""

INTERRUPTED = 130


def main() -> None:
    """Run the command line and leave with its exit code."""
    _stand_in_for_closed_streams()
    code = _run()
    sys.exit(_flushed(code))


def _stand_in_for_closed_streams() -> None:
    """A stream that was closed before the start (`>&-`) is None to Python: nobody listens, and that is no error."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - lives as long as the process
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - likewise
        # What a terminal of another encoding can't show is replaced; JSON is escaped before (see `common.json_text`).
        getattr(sys, name).reconfigure(errors="replace")


def _run() -> int:
    import typer.exceptions

    from mailbridge.cli.app import app
    from mailbridge.sdk.errors import MailbridgeError

    try:
        return int(app(standalone_mode=False) or 0)
    except (typer.exceptions.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except typer.exceptions.TyperException as error:
        return _usage(error)
    except MailbridgeError as error:
        print(f"mailbridge: {_discreet(str(error))}", file=sys.stderr)
        return int(getattr(error, "exit_code", EXIT_CODES["internal"]))
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # typer leaves like that
            return EXIT_CODES["ok"]
        raise
    except Exception as error:  # noqa: BLE001 - the last place that can say what to do
        return _unforeseen(error)


def _discreet(text: str) -> str:
    """Mask the secrets that the configuration has brought in, and what a terminal would obey."""
    from mailbridge.sdk.output import terminal_text

    module = sys.modules.get("mailbridge.sdk.secrets")  # not loaded: no configuration was read
    return terminal_text(text if module is None else str(module.masked(text)))


def _flushed(code: int) -> int:
    """Write out what still waits in memory; at the end of Python nobody could tell that it failed."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()  # whoever read has gone, as `head` does
    except OSError as error:
        code = code or _unforeseen(error)
        _forget_output()
    return code


def _forget_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: Exception) -> int:
    words = error.format_message() if hasattr(error, "format_message") else str(error)
    if not words:
        return EXIT_CODES["usage"]  # the help was shown already
    words = words.replace("Value error, ", "")
    print(f"mailbridge: {_discreet(words)}\nTry 'mailbridge --help' or 'mailbridge COMMAND --help'.", file=sys.stderr)
    return EXIT_CODES["usage"]


def _unforeseen(error: Exception) -> int:
    """Tell what no part of mailbridge has words for: the system refuses a file, or there is a defect."""
    if isinstance(error, OSError) and error.filename is not None:
        print(f"mailbridge: {_discreet(str(error.filename))}: {error.strerror}", file=sys.stderr)
        return EXIT_CODES["path"]
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF}:
        print(f"mailbridge: the results can't be written: {error.strerror}", file=sys.stderr)
        return EXIT_CODES["path"]
    print(_discreet("".join(traceback.format_exception(error))), file=sys.stderr)
    print("mailbridge: this is a defect of mailbridge: please report the lines above", file=sys.stderr)
    return EXIT_CODES["internal"]
