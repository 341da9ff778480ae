"""Threats to where text, photos, secrets and personal data go."""

from threats.bugs import replace, threat


@threat(
    "markup of Bitrix24 in a card",
    "brackets that would begin a code are made inert",
    "unit/sdk/test_output.py::test_no_bb_code_and_no_tag_comes_out",
    "brackets stay",
)
def bb_codes():
    replace("mailbridge.sdk.output.bb_inert", lambda text: text)


@threat(
    "directions and unseen signs in text",
    "all text is plain: control, bidi and zero-width signs go",
    "unit/sdk/test_output.py::test_plain_text_holds_nothing_unseen",
    "text stays as it came",
)
def unseen_signs():
    replace("mailbridge.sdk.text.clean", lambda value: value)


@threat(
    "formulas in exports",
    "what a spreadsheet would work out stands behind an apostrophe",
    "unit/sdk/test_output.py::test_cells_are_read_back_and_none_is_a_formula",
    "cells stay as they came",
)
def formulas():
    replace("mailbridge.sdk.output.csv_cell", lambda value: value)


@threat(
    "forged log lines and escape sequences",
    "what is no letter is written as an escape",
    "unit/sdk/test_output.py::test_a_log_line_stays_one_line_without_colours",
    "log values stay as they came",
)
def log_lines():
    replace("mailbridge.sdk.output.log_text", lambda text, *_, **__: text)


@threat(
    "escape sequences in a terminal",
    "a terminal gets what it shows, and nothing else",
    "unit/sdk/test_output.py::test_a_terminal_only_shows",
    "text goes out as it came",
)
def terminal():
    replace("mailbridge.sdk.output.terminal_text", lambda text: text)


@threat(
    "a query of Salesforce that ends early",
    "literals are escaped",
    "unit/sdk/test_output.py::test_a_literal_of_soql_has_one_end",
    "quotes stay",
)
def soql():
    replace("mailbridge.sdk.output.soql_literal", lambda text: f"'{text}'")


@threat(
    "links that run something or carry a log-in",
    "http and https only, in one form, without tokens",
    "unit/sdk/test_links.py::test_one_page_has_one_form unit/sdk/test_links.py::test_what_is_no_web_address_is_empty",
    "links stay as they came",
)
def links():
    replace("mailbridge.sdk.links.canonical_url", lambda url, **_: url)


@threat(
    "photos that lead into one's own network",
    "the address that was checked is the one that is connected to; only public ones",
    "unit/sdk/test_photos.py::test_a_name_that_leads_into_a_private_network_is_not_followed",
    "any address is public",
)
def private_network():
    replace("mailbridge.sdk.photos.is_public", lambda _address: True)


@threat(
    "photos from anywhere, by a redirect",
    "hosts are allowed by name, at each redirect anew",
    "unit/sdk/test_photos.py::test_a_redirect_is_a_new_address "
    "unit/sdk/test_photos.py::test_addresses_that_are_never_asked",
    "any address is allowed",
)
def any_host():
    replace("mailbridge.sdk.photos.PhotoFetcher._allowed", lambda _self, url: url)


@threat(
    "secrets in logs and tracebacks",
    "known secrets are masked in everything that is logged",
    "unit/observe/test_secrets.py::test_logs_hold_no_secret_not_even_in_a_traceback",
    "nothing is masked",
)
def secrets():
    replace("mailbridge.observe.logging.masked", lambda text: text)


@threat(
    "tokens in a stolen ledger",
    "renewed tokens are encrypted with a key outside it",
    "component/ledger/test_vault.py::test_the_file_holds_no_token_and_the_key_lies_beside_it",
    "tokens are stored as they are",
)
def tokens():
    replace("mailbridge.ledger.vault.Vault.seal", lambda _self, text: text)


@threat(
    "addresses and subjects in metrics",
    "labels from outside are bounded",
    "unit/observe/test_metrics.py::test_labels_from_outside_are_bounded",
    "any label is taken",
)
def labels():
    replace("mailbridge.observe.metrics.Bounded.__call__", lambda _self, word: word)
