"""The daemon as it is, but for its engines: mail-parser and beautifulsoup4 read every mail."""

import sys
from functools import partial
from typing import Any

import mailbridge.stations.reading
import mailbridge.worker
from mailbridge.mailbox.decode import decode
from mailbridge.mailbox.engines import reference
from mailbridge.sdk.markup import use_reference_engine


def begin(*arguments: Any, begin: Any = mailbridge.worker.begin) -> None:
    """Prepare a parse process with the reference engines."""
    use_reference_engine(on=True)
    mailbridge.worker.decode = partial(decode, parse=reference)
    begin(*arguments)


if __name__ == "__main__":
    import reference_daemon  # under its own name, so that the parse processes find `begin`

    from mailbridge.cli import main

    mailbridge.stations.reading.begin = reference_daemon.begin
    sys.exit(main())
