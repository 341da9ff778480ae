"""Loaded once, by the process from which parse processes are forked: they share its memory and start without loading.

Nothing is done here but loading; what a parser module holds is never changed afterwards.
"""

import gc
from contextlib import suppress

import mailbridge.worker  # noqa: F401 - what a parse process runs
from mailbridge.registry import PluginError, parser_types

with suppress(PluginError):  # whoever configures the daemon is told
    parser_types()
gc.collect()
gc.freeze()  # a collection in a child would write into every shared page
