"""Values of custom fields by the type of the field (custom-fields page)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mailbridge.sdk import CardValue, Language, cut, fold, one_line, value_text
from mailbridge_sinks.amocrm.places import FieldPlace

LONGEST_FIELD = 255
"""Characters of every one-line field; more is refused."""
LONGEST_TEXTAREA = 20_000

Items = tuple[list[dict[str, Any]], bool]
"""The field's `values`, and whether nothing of the value is lost there."""

NOTHING: Items = ([], False)


def field_items(place: FieldPlace, value: CardValue, language: Language) -> Items:
    """Return a value as a field of its type takes it; nothing when the type can't hold it."""
    if value is None:
        return NOTHING
    if place.enums and place.type != "multitext":
        return _choices(place, value)
    maker = _MAKERS.get(place.type)
    return maker(value) if maker else _text(value_text(value, language), many_lines=place.type == "textarea")


def _choices(place: FieldPlace, value: CardValue) -> Items:
    wanted = [fold(str(one)) for one in (value if isinstance(value, tuple) else (value,))]
    chosen = [{"enum_id": place.enums[name]} for name in wanted if name in place.enums]
    chosen = chosen if place.type == "multiselect" else chosen[:1]
    return chosen, len(chosen) == len(wanted)


def _multitext(value: CardValue) -> Items:
    texts = value if isinstance(value, tuple) else (str(value),)
    return [{"value": cut(text, LONGEST_FIELD), "enum_code": "WORK"} for text in texts], True


def _day(value: CardValue) -> Items:
    return ([{"value": int(value.timestamp())}], False) if isinstance(value, datetime) else NOTHING


def _moment(value: CardValue) -> Items:
    return _day(value)[0], isinstance(value, datetime)


def _number(value: CardValue) -> Items:
    try:
        float(str(value))
    except ValueError:
        return NOTHING
    return [{"value": str(value)}], True


def _yes_or_no(value: CardValue) -> Items:
    return ([{"value": value}], True) if isinstance(value, bool) else NOTHING


def _text(text: str, *, many_lines: bool) -> Items:
    line = text if many_lines else one_line(text)
    most = LONGEST_TEXTAREA if many_lines else LONGEST_FIELD
    return [{"value": cut(line, most)}], line == text and len(line) <= most


_MAKERS: dict[str, Callable[[CardValue], Items]] = {
    "multitext": _multitext,
    "date": _day,
    "birthday": _day,
    "date_time": _moment,
    "numeric": _number,
    "price": _number,
    "monetary": _number,
    "checkbox": _yes_or_no,
}
