"""The parser of site forms."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import Ignored, Interest, Mail, Manifest, NoConfig, Route
from mailbridge_parsers.form import bitrix
from mailbridge_parsers.form.best import best_reading
from mailbridge_parsers.form.card import make_card
from mailbridge_parsers.form.copies import asks_us, copy_reason, is_visitor_copy
from mailbridge_parsers.form.orders import addressed_order, with_customer
from mailbridge_parsers.form.routes import ROUTES
from mailbridge_parsers.form.site import Site
from mailbridge_parsers.form.systems import EVIDENCE, system_of


class FormParser:
    """Reads what site forms send: label/value pairs in any layout, whatever software made them."""

    manifest: ClassVar[Manifest] = Manifest(
        name="form",
        version="7",
        title="Site forms",
        evidence="template",
        evidence_for=EVIDENCE,
        trust="label",
        docs="docs/parsers/form.md",
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = ROUTES

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the one interest of a form mail; copies for the visitor and service mails are ignored."""
        if bitrix.is_service(mail):
            return Ignored("service_mail")
        if asks_us(mail):
            return Ignored("newsletter")
        if is_visitor_copy(mail):
            return Ignored("visitor_copy")
        system, site = system_of(mail), Site(mail)
        if bitrix.tells_the_buyer(mail):
            return [
                make_card(
                    mail, addressed_order(mail, best_reading(mail)), system, Site(mail, is_addressed=True), kind="order"
                )
            ]
        reading = with_customer(best_reading(mail), site)
        if reason := copy_reason(mail, reading, site):
            return Ignored(reason)
        return [make_card(mail, reading, system, site, kind=bitrix.kind_of_event(mail))]
