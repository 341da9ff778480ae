"""Forms that write every label below its value: "Anna Gray" / "Name" / "anna@…" / "E-mail"."""

from mailbridge.sdk import is_email, is_phone
from mailbridge_parsers.form.item import Item, Style, lines_of
from mailbridge_parsers.form.labels import ASKED, Role

_FEWEST = 3
_IS_VALUE = {Role.EMAIL: is_email, Role.PHONE: is_phone}


def over_labels(items: list[Item]) -> list[Item]:
    """Make fields of usual labels and the lines above them.

    An address or a number right above its label, and none below it, tells so; each label may stand there only once.
    """
    labels = [at for at, item in enumerate(items) if item.style is Style.BARE and item.role in ASKED]
    roles = [items[at].role for at in labels]
    if len(labels) < _FEWEST or labels[0] == 0 or len(set(roles)) < len(roles):
        return items
    telling = [at for at in labels if items[at].role in _IS_VALUE]
    if not telling or not all(_stands_below(items, at) for at in telling):
        return items
    starts = [labels[0] - 1, *(at + 1 for at in labels)]
    fields = [_field(items[start:at], items[at]) for start, at in zip(starts, labels, strict=False) if start < at]
    return [*items[: starts[0]], *fields, *items[labels[-1] + 1 :]]


def _stands_below(items: list[Item], at: int) -> bool:
    is_value = _IS_VALUE[items[at].role or Role.EMAIL]
    below = items[at + 1].text if at + 1 < len(items) else ""
    return is_value(items[at - 1].text) and not is_value(below)


def _field(values: list[Item], label: Item) -> Item:
    value = "\n".join(lines_of(values)).strip()
    href = next((item.href for item in values if item.href), "")
    return Item(f"{label.text}: {value}", Style.CELL, label.label, value, label.role, href, values[0].gap)
