"""The small page of an emulator: what is in the CRM, what was asked, what shall go wrong, what people there do."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from mailbridge.testing.emulator import Call, Emulator

SHOWN = 50
"""So many of the last requests and cards are shown."""

_PAGE = """\
<!doctype html><meta charset="utf-8"><title>{{ name }}, emulated</title>
<style>body{font:15px sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}td,th{border:1px solid #ccc;
padding:.2em .5em;text-align:left;vertical-align:top}pre{margin:0;white-space:pre-wrap;max-width:45em}
form{display:inline-block;margin:.2em 1em .2em 0}.bad{background:#fdd}</style>
<h1>{{ name }}, emulated</h1>
<p>{% for kind, count in counts.items() %}{{ kind }}: <b>{{ count }}</b> &nbsp; {% endfor %}
faults waiting: <b>{{ faults | length }}</b></p>
<h2>Go wrong</h2>
<form method="post" action="page"><input type="hidden" name="do" value="fault">
<select name="kind">{% for kind in kinds %}<option>{{ kind }}</option>{% endfor %}</select>
<label>path holds <input name="path" size="18"></label> <label>times <input name="times" value="1" size="3"></label>
<label>status <input name="status" value="500" size="4"></label>
<label>delay <input name="delay_s" value="0" size="4"> s</label>
<label><input type="checkbox" name="process"> carried out all the same</label> <button>next requests</button></form>
<form method="post" action="page"><input type="hidden" name="do" value="mend"><button>no more faults</button></form>
<form method="post" action="page"><input type="hidden" name="do" value="reset"><button>forget everything</button></form>
{% if faults %}<pre>{{ faults }}</pre>{% endif %}
<h2>The account</h2>
{% for name, value in settings.items() %}<form method="post" action="page">
<input type="hidden" name="do" value="setting"><input type="hidden" name="name" value="{{ name }}">
<label>{{ name }} <input name="value" value="{{ value }}" size="14"></label> <button>set</button></form>{% endfor %}
<h2>Cards</h2>
<table><tr><th>key</th><th>ids</th><th>card</th><th>what a person does</th></tr>
{% for card in cards %}<tr{% if card.ids | length > 1 %} class="bad"{% endif %}><td>{{ card.key }}</td>
<td>{{ card.ids | join(", ") }}</td><td><pre>{{ card.text }}</pre></td>
<td>{% for act in acts %}<form method="post" action="page"><input type="hidden" name="do" value="{{ act }}">
<input type="hidden" name="id" value="{{ card.ids[0] }}"><button>{{ act }}</button></form>{% endfor %}</td></tr>
{% endfor %}</table>
<h2>The last requests</h2>
<table><tr><th>#</th><th>at (UTC)</th><th>request</th><th>status</th><th>fault</th></tr>
{% for entry in journal %}<tr{% if entry.status >= 400 or entry.fault %} class="bad"{% endif %}>
<td>{{ entry.number }}</td><td>{{ entry.at }}</td>
<td>{{ entry.method }} {{ entry.path }}<pre>{{ entry.body }}</pre></td>
<td>{{ entry.status }}</td><td>{{ entry.fault }}</td></tr>{% endfor %}</table>
"""


def page_of(emulator: "Emulator") -> bytes:
    """Return the page as it is now; what visitors wrote is shown, never carried out."""
    from jinja2 import Environment

    from mailbridge.testing.emulator import FaultKind

    cards = [{"key": key, "ids": ids, "text": _text(emulator.card(key))} for key, ids in emulator.keys().items()]
    template = Environment(autoescape=True).from_string(_PAGE)
    made = template.render(
        name=emulator.name,
        counts=emulator.counts(),
        faults=[fault for fault in emulator.faults if fault.times > 0],
        kinds=get_args(FaultKind),
        cards=cards[-SHOWN:][::-1],
        acts=sorted(emulator.acts()),
        settings={name: _line(one.value) for name, one in emulator.account_settings().items()},
        journal=[_shown(entry) for entry in emulator.journal[-SHOWN:][::-1]],
    )
    return made.encode("utf-8", "replace")


def posted(call: "Call") -> dict[str, Any]:
    """Return what a form of the page says; numbers and ticks are no texts."""
    form: dict[str, Any] = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    if form.get("do") == "fault":
        form |= {"times": int(form["times"]), "status": int(form["status"]), "delay_s": float(form["delay_s"])}
        form["process"] = "process" in form
    return form


def _text(card: Mapping[str, Any] | None) -> str:
    return json.dumps(card, ensure_ascii=False, indent=1, default=str)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _shown(entry: Any) -> dict[str, Any]:
    at = datetime.fromtimestamp(entry.at, UTC).strftime("%H:%M:%S")
    body = entry.body if len(entry.body) < 400 else entry.body[:400] + "…"
    status, fault = entry.status, entry.fault
    return {
        "number": entry.number, "at": at, "method": entry.method, "path": entry.path, "body": body, "status": status,
        "fault": fault,
    }  # fmt: skip
