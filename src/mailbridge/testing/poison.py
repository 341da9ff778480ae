"""Mails that kill or hang the process that reads them, whatever the parser: for tests of poison isolation."""

import os
import time
from collections.abc import Sequence

from mailbridge import worker
from mailbridge.recipes.folder import NONE, Recipes
from mailbridge.worker import Job, Read

KILLS = b"X-Poison: kills"
HANGS = b"X-Poison: hangs"
EATS = b"X-Poison: eats"
"""Takes more memory than a process may have."""


def work(jobs: Sequence[Job], recipes: Recipes = NONE) -> list[Read]:
    """Read a chunk as a parse process does; a poisoned mail takes the process with it."""
    for job in jobs:
        if KILLS in job.raw:
            os._exit(9)
        if HANGS in job.raw:
            time.sleep(3600)
        if EATS in job.raw:
            bytearray(1 << 36)
    return worker.work(jobs, recipes)
