"""All that a plugin may import of mailbridge.

A name is loaded when it is first asked for: whoever needs an error class alone does not pay for the HTML parser.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailbridge.sdk.card import (
        CARD_PATHS,
        CardLine,
        CardValue,
        card_lines,
        card_text,
        card_title,
        fit,
        is_card_path,
        name_or_address,
        split_name,
        utf8_length,
        utf16_length,
        value_at,
        value_text,
    )
    from mailbridge.sdk.card_words import card_word
    from mailbridge.sdk.dates import date_in_mail, read_date
    from mailbridge.sdk.deeds import Deed, actors_in, deed_in
    from mailbridge.sdk.digest import ignored_unless_told, read_counted, read_digest
    from mailbridge.sdk.enclosed import Enclosed
    from mailbridge.sdk.errors import (
        MailbridgeError,
        MaybeWritten,
        NotWritten,
        ParseError,
        Refused,
        SinkError,
        TemplateChanged,
        Unusable,
    )
    from mailbridge.sdk.html import Html, Link, Node
    from mailbridge.sdk.http import CrmClient, Gate, GatedTransport, Judge, judge_status, lost, read_json, retry_after_s
    from mailbridge.sdk.interest import (
        SCHEMA,
        Author,
        Channel,
        FileRef,
        FormField,
        Interest,
        Kind,
        MailRef,
        Precision,
        Product,
        Refs,
        Reply,
        Source,
        TrustRef,
        business_id,
        make_interest,
    )
    from mailbridge.sdk.language import language_of
    from mailbridge.sdk.layout import Cell, Grid, Piece, TextLine, text_layout
    from mailbridge.sdk.lines import Line, Run, html_lines, plain_text, text_lines
    from mailbridge.sdk.links import canonical_url, host_of, parts_of, query_of, unwrap_url, urls_in
    from mailbridge.sdk.mail import Address, AttachedFile, Headers, Mail, Trust, Verdict
    from mailbridge.sdk.manifest import API, Evidence, Manifest, TrustPolicy
    from mailbridge.sdk.mapping import CardTemplates, TemplateText, make_each
    from mailbridge.sdk.noise import noise_in
    from mailbridge.sdk.notice import read_notice
    from mailbridge.sdk.notification import Notice
    from mailbridge.sdk.output import (
        DESTINATIONS,
        bb_inert,
        csv_cell,
        csv_text,
        for_amocrm,
        for_bitrix24,
        for_salesforce,
        formula_inert,
        html_text,
        log_text,
        soql_literal,
        spelled_emoji,
        terminal_json,
        terminal_line,
        terminal_text,
        without_emoji,
    )
    from mailbridge.sdk.pairs import Pair, split_label
    from mailbridge.sdk.parser import Ignored, NoConfig, Parser, Route, Strength
    from mailbridge.sdk.people import emails_in, is_email, is_phone, is_robot, person_name, phone, phones_in
    from mailbridge.sdk.photos import NoPhoto, Photo, PhotoConfig, PhotoFetcher, fetch_photo
    from mailbridge.sdk.phrases import stars_in, unquoted
    from mailbridge.sdk.plain_notice import read_mail_notice, read_plain_notice
    from mailbridge.sdk.readback import (
        CountsOpen,
        ReadBackConfig,
        ReadsBack,
        RemoteState,
        Sent,
        Sign,
        SignKind,
        remote_state,
    )
    from mailbridge.sdk.same_person import SamePerson
    from mailbridge.sdk.sink import (
        Counting,
        Delivered,
        Delivery,
        Doubt,
        Known,
        LogsIn,
        NoSuchUser,
        NoTokens,
        Outcome,
        PlannedRequest,
        Receipt,
        Rejected,
        RetryLater,
        Sink,
        SinkType,
        SinkUnusable,
        Steps,
        TokenStore,
        Unknown,
        outcome_of,
    )
    from mailbridge.sdk.social import social_interests
    from mailbridge.sdk.targets import NetworkLinks, Target
    from mailbridge.sdk.templates import BadTemplate, Template, compile_structure, fill_structure, template_values
    from mailbridge.sdk.text import clean, cut, fold, one_line, paragraphs
    from mailbridge.sdk.told import read_social
    from mailbridge.sdk.translations import LANGUAGES, Language, counted, noted, translated

__all__ = [
    "API",
    "CARD_PATHS",
    "DESTINATIONS",
    "LANGUAGES",
    "SCHEMA",
    "Address",
    "AttachedFile",
    "Author",
    "BadTemplate",
    "CardLine",
    "CardTemplates",
    "CardValue",
    "Cell",
    "Channel",
    "Counting",
    "CountsOpen",
    "CrmClient",
    "Deed",
    "Delivered",
    "Delivery",
    "Doubt",
    "Enclosed",
    "Evidence",
    "FileRef",
    "FormField",
    "Gate",
    "GatedTransport",
    "Grid",
    "Headers",
    "Html",
    "Ignored",
    "Interest",
    "Judge",
    "Kind",
    "Known",
    "Language",
    "Line",
    "Link",
    "LogsIn",
    "Mail",
    "MailRef",
    "MailbridgeError",
    "Manifest",
    "MaybeWritten",
    "NetworkLinks",
    "NoConfig",
    "NoPhoto",
    "NoSuchUser",
    "NoTokens",
    "Node",
    "NotWritten",
    "Notice",
    "Outcome",
    "Pair",
    "ParseError",
    "Parser",
    "Photo",
    "PhotoConfig",
    "PhotoFetcher",
    "Piece",
    "PlannedRequest",
    "Precision",
    "Product",
    "ReadBackConfig",
    "ReadsBack",
    "Receipt",
    "Refs",
    "Refused",
    "Rejected",
    "RemoteState",
    "Reply",
    "RetryLater",
    "Route",
    "Run",
    "SamePerson",
    "Sent",
    "Sign",
    "SignKind",
    "Sink",
    "SinkError",
    "SinkType",
    "SinkUnusable",
    "Source",
    "Steps",
    "Strength",
    "Target",
    "Template",
    "TemplateChanged",
    "TemplateText",
    "TextLine",
    "TokenStore",
    "Trust",
    "TrustPolicy",
    "TrustRef",
    "Unknown",
    "Unusable",
    "Verdict",
    "actors_in",
    "bb_inert",
    "business_id",
    "canonical_url",
    "card_lines",
    "card_text",
    "card_title",
    "card_word",
    "clean",
    "compile_structure",
    "counted",
    "csv_cell",
    "csv_text",
    "cut",
    "date_in_mail",
    "deed_in",
    "emails_in",
    "fetch_photo",
    "fill_structure",
    "fit",
    "fold",
    "for_amocrm",
    "for_bitrix24",
    "for_salesforce",
    "formula_inert",
    "host_of",
    "html_lines",
    "html_text",
    "ignored_unless_told",
    "is_card_path",
    "is_email",
    "is_phone",
    "is_robot",
    "judge_status",
    "language_of",
    "log_text",
    "lost",
    "make_each",
    "make_interest",
    "name_or_address",
    "noise_in",
    "noted",
    "one_line",
    "outcome_of",
    "paragraphs",
    "parts_of",
    "person_name",
    "phone",
    "phones_in",
    "plain_text",
    "query_of",
    "read_counted",
    "read_date",
    "read_digest",
    "read_json",
    "read_mail_notice",
    "read_notice",
    "read_plain_notice",
    "read_social",
    "remote_state",
    "retry_after_s",
    "social_interests",
    "soql_literal",
    "spelled_emoji",
    "split_label",
    "split_name",
    "stars_in",
    "template_values",
    "terminal_json",
    "terminal_line",
    "terminal_text",
    "text_layout",
    "text_lines",
    "translated",
    "unquoted",
    "unwrap_url",
    "urls_in",
    "utf8_length",
    "utf16_length",
    "value_at",
    "value_text",
    "without_emoji",
]

_HOMES = {
    "card": (
        "CARD_PATHS CardLine CardValue card_lines card_text card_title fit is_card_path name_or_address "
        "split_name utf8_length utf16_length value_at value_text"
    ),
    "card_words": "card_word",
    "dates": "date_in_mail read_date",
    "deeds": "Deed actors_in deed_in",
    "digest": "ignored_unless_told read_counted read_digest",
    "enclosed": "Enclosed",
    "errors": "MailbridgeError MaybeWritten NotWritten ParseError Refused SinkError TemplateChanged Unusable",
    "html": "Html Link Node",
    "http": "CrmClient Gate GatedTransport Judge judge_status lost read_json retry_after_s",
    "interest": (
        "SCHEMA Author Channel FileRef FormField Interest Kind MailRef Precision Product Refs Reply Source "
        "TrustRef business_id make_interest"
    ),
    "language": "language_of",
    "layout": "Cell Grid Piece TextLine text_layout",
    "lines": "Line Run html_lines plain_text text_lines",
    "links": "canonical_url host_of parts_of query_of unwrap_url urls_in",
    "mail": "Address AttachedFile Headers Mail Trust Verdict",
    "manifest": "API Evidence Manifest TrustPolicy",
    "mapping": "CardTemplates TemplateText make_each",
    "same_person": "SamePerson",
    "noise": "noise_in",
    "notice": "read_notice",
    "notification": "Notice",
    "output": (
        "DESTINATIONS bb_inert csv_cell csv_text for_amocrm for_bitrix24 for_salesforce formula_inert html_text "
        "log_text soql_literal spelled_emoji terminal_json terminal_line terminal_text without_emoji"
    ),
    "pairs": "Pair split_label",
    "parser": "Ignored NoConfig Parser Route Strength",
    "people": "emails_in is_email is_phone is_robot person_name phone phones_in",
    "photos": "NoPhoto Photo PhotoConfig PhotoFetcher fetch_photo",
    "phrases": "stars_in unquoted",
    "plain_notice": "read_mail_notice read_plain_notice",
    "readback": "CountsOpen ReadBackConfig ReadsBack RemoteState Sent Sign SignKind remote_state",
    "sink": (
        "Counting Delivered Delivery Doubt Known NoSuchUser LogsIn NoTokens Outcome PlannedRequest Receipt Rejected "
        "RetryLater Sink SinkType SinkUnusable Steps TokenStore Unknown outcome_of"
    ),
    "social": "social_interests",
    "told": "read_social",
    "targets": "NetworkLinks Target",
    "templates": "BadTemplate Template compile_structure fill_structure template_values",
    "text": "clean cut fold one_line paragraphs",
    "translations": "LANGUAGES Language counted noted translated",
}
"""Module → the names it holds; the same as the imports above, which only type checkers and editors follow."""

_MODULES = {name: module for module, names in _HOMES.items() for name in names.split()}


if not TYPE_CHECKING:  # else a misspelt name would be anything for a type checker

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
