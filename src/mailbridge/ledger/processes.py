"""Who else runs on this machine."""

import os

SIGN_OF_LIFE_S = 60.0
"""A node writes a sign of life every 10 s; one that was silent for so long is gone."""


def is_running(pid: int) -> bool:
    """Return whether there is a process of this number on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
