"""What every sink of a CRM shares of its settings: title, text and fields of the card as templates."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mailbridge.sdk.card import card_text, card_title, fit
from mailbridge.sdk.errors import Refused
from mailbridge.sdk.sink import Delivery, Rejected
from mailbridge.sdk.templates import BadTemplate, Template, template_values
from mailbridge.sdk.text import one_line
from mailbridge.sdk.translations import Language

Made = TypeVar("Made")
Escape = Callable[[str], str]


def _is_template(value: str) -> str:
    try:
        Template(value)
    except BadTemplate as error:
        raise ValueError(str(error)) from None
    return value


TemplateText = Annotated[str, AfterValidator(_is_template)]
"""A setting that is a template: checked when the configuration is read."""


class CardTemplates(BaseModel):
    """Keys of a sink's settings for title, text and fields; inherit from it and call its methods.

    Every value that a template prints passes through `escape`, so that what visitors wrote is never markup in the CRM.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    title: TemplateText | None = Field(
        None,
        description="Template of the title; absent = what, where, who.",
        examples=["{{ word('network') }}: {{ who }}"],
    )
    text: TemplateText | None = Field(
        None,
        description="Template of the text; absent = the whole card.",
        examples=["{{ text }}\n\n{{ card }}"],
    )
    values: dict[str, TemplateText] = Field(
        default_factory=dict,
        description="Field of the CRM = template of its value; one that comes out empty is not written.",
    )

    def title_of(self, delivery: Delivery, language: Language, *, escape: Escape | None = None) -> str:
        """Return the title on one line.

        Raises:
            Refused: The template can't be worked out for this interest; it holds up no other.
        """
        if self.title is None:
            return card_title(delivery.interest, language)
        with _told():
            made = Template(self.title, escape=escape).text(template_values(delivery, language))
        return one_line(made) or card_title(delivery.interest, language)

    def text_of(
        self,
        delivery: Delivery,
        language: Language,
        *,
        marker: str,
        most: int,
        measure: Callable[[str], int] = len,
        told: Collection[str] = (),
        escape: Escape | None = None,
    ) -> str:
        """Return the text with the marker as its last line; the arguments are those of `card_text`.

        Raises:
            Refused: The template can't be worked out for this interest; it holds up no other.
        """
        interest = delivery.interest
        if self.text is None:
            as_is = escape or str
            return card_text(
                interest, language, marker=marker, most=most, measure=measure, told=told, escape=as_is,
                reply_text=delivery.reply_text,
            )  # fmt: skip
        with _told():
            made = Template(self.text, escape=escape).text(template_values(delivery, language)).strip()
        return f"{fit(made, most - measure(marker) - 2, measure)}\n\n{marker}".lstrip()

    def values_of(self, delivery: Delivery, language: Language) -> dict[str, Any]:
        """Return field → value: of a template that is one expression as it is (number, yes or no), else its text.

        Fields are no markup, so nothing is escaped; for one that is, there is the filter `html`.

        Raises:
            Refused: A template can't be worked out for this interest; it holds up no other.
        """
        if not self.values:
            return {}
        known = template_values(delivery, language)
        with _told():
            made = {field: _plain(Template(source).value(known)) for field, source in self.values.items()}
        return {field: value for field, value in made.items() if value not in {None, ""}}


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BadTemplate as error:
        raise Refused(f"a template of the settings can't be worked out: {error}") from None


def _plain(value: Any) -> Any:
    """Return what a field can hold: lists are joined."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def make_each(
    deliveries: Iterable[Delivery], make: Callable[[Delivery], Made]
) -> tuple[dict[str, Made], dict[str, Rejected]]:
    """Return key → what was made of each delivery, and key → Rejected where `make` raised Refused for it alone."""
    made: dict[str, Made] = {}
    failed: dict[str, Rejected] = {}
    for delivery in deliveries:
        try:
            made[delivery.key] = make(delivery)
        except Refused as error:
            failed[delivery.key] = Rejected(error.reason)
    return made, failed
