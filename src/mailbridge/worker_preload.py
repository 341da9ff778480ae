"""Loaded once, by the process from which parse processes are forked: they share its memory and start without loading.

One mail is read, for what is only loaded when it is needed: patterns, public suffixes, letters that look alike. What a
parser module holds is never changed afterwards.
"""

import gc
from contextlib import suppress

from mailbridge.lean import no_collections

_MAIL = """\
Received: from web.shop.example (web.shop.example [192.0.2.1]) by mx.example.net; Mon, 02 Mar 2026 09:00:00 +0000
Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=shop.example
From: =?utf-8?B?0JzQsNCz0LDQt9C40L0=?= <forms@shop.example>
Subject: =?utf-8?B?0JfQsNGP0LLQutCw?=
Date: Mon, 02 Mar 2026 09:00:00 +0000
Content-Type: text/html; charset=utf-8

<p>Имя: Анна<br>Телефон: +7 900 000-00-00<br>E-mail: anna@people.example</p><p>https://vk.com/id1</p>
"""


def _load() -> None:
    import pebble  # noqa: F401 - hands the work out; each process would load it anew
    import Stemmer  # noqa: F401 - for words of labels

    from mailbridge.pipeline.parsing import TrustRules
    from mailbridge.registry import PluginError
    from mailbridge.worker import job_of, read_raw, router_of

    with suppress(PluginError):  # whoever configures the daemon is told
        read_raw(job_of(_MAIL.encode()), router_of({}), TrustRules())


with no_collections():
    _load()
    gc.collect()
    gc.freeze()  # a collection in a child would write into every shared page
