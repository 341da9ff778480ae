"""How servers of mail are trusted: certificate and host name are always checked, TLS 1.2 or newer."""

import ssl
from pathlib import Path

from mailbridge.ports import PathUnreadable


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, or instead those of a file (PEM).

    Raises:
        PathUnreadable: The file can't be read or holds no certificates.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        reason = "holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise PathUnreadable(f"ca_file {ca_file}: {reason}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
