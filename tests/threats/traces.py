"""Threats to what stays behind: files, logs, bundle, packages, the repository; and what keeps leads waiting."""

import importlib.machinery
import io
import logging
import os
import re
import zipfile
from pathlib import Path
from types import CodeType

from threats.bugs import replace, threat

ECHO = "component/cli/test_canary_echo.py::test_what_is_repeated_to_us_is_not_repeated_by_us"


def changed_copy(name: str, old: str, new: str) -> None:
    """Let every reader of a file of the repository see another text: the first match of a pattern exchanged."""
    whole = Path.read_text

    def read_text(self: Path, *given: str, **more: str) -> str:
        text = whole(self, *given, **more)
        return re.sub(old, new, text, count=1) if self.name == name else text

    replace("pathlib.Path.read_text", read_text)


def changed_program(name: str, old: str, new: str) -> None:
    """Run a program of the repository as if its text were another."""
    whole = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
        path = Path(self.path)
        if path.name != name:
            return whole(self, fullname)
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise AssertionError(f"{name} holds no {old!r} any more: the bug is planted nowhere")
        return compile(text.replace(old, new), path, "exec")

    replace("importlib.machinery.SourceFileLoader.get_code", get_code)


@threat(
    "archives, XML and pictures as bombs",
    "files are measured, never opened",
    "unit/test_bombs.py::test_files_are_measured_and_never_opened",
    "archives are looked into",
)
def opened_files():
    from mailbridge.mailbox.bodies_tree import Part

    whole = Part.measured

    def opened(self, defects):
        content = io.BytesIO(self.content(defects))
        if zipfile.is_zipfile(content):
            with zipfile.ZipFile(content) as archive:
                archive.testzip()
        return whole(self, defects)

    replace("mailbridge.mailbox.bodies_tree.Part.measured", opened)


@threat(
    "secrets in what commands write",
    "every command knows the secrets of the configuration and masks them, in the words of servers too",
    ECHO,
    "commands do not know what is secret",
)
def unknown_secrets():
    replace("mailbridge.sdk.secrets.keep_secrets_of", lambda _settings: None)


@threat(
    "an address that is a secret, in the log of a library",
    "libraries are heard from warnings on only",
    "unit/observe/test_secrets.py::test_libraries_do_not_tell_which_addresses_they_ask",
    "libraries tell everything",
)
def loud_libraries():
    from mailbridge.observe import logging as ours

    whole = ours.set_up_logging

    def loud(**given):
        whole(**given)
        logging.getLogger().setLevel(logging.DEBUG)

    replace("mailbridge.observe.logging.set_up_logging", loud)


@threat(
    "files that others on the machine can read",
    "what a command writes is its owner's alone, whatever the umask",
    "component/cli/test_rights.py::test_everything_that_commands_write_is_private",
    "files are made for everybody",
)
def open_files():
    whole = os.open
    replace("os.open", lambda path, flags, mode=0o777, **more: whole(path, flags, mode | 0o044, **more))


@threat(
    "personal data in logs and the audit trail",
    "events name mails by id; what a CRM repeats of a card is taken out",
    ECHO,
    "stations log refusals as they came",
)
def talkative_stations():
    replace("mailbridge.stations.sending.discreet", lambda reason, _interests: reason)


@threat(
    "personal data in the support bundle",
    "numbers, and of errors only how they begin",
    ECHO,
    "errors are told whole",
)
def whole_errors():
    replace("mailbridge.ledger.figures.gist", lambda error: error)


@threat(
    "a name that is HTML, in the report's page",
    "the template escapes whatever is put into it",
    "unit/reporting/test_page.py::test_names_of_strangers_are_shown_and_not_obeyed",
    "the template takes text for HTML",
)
def unescaped_page():
    import jinja2

    whole = jinja2.Environment
    replace("jinja2.Environment", lambda **given: whole(**{**given, "autoescape": False}))


@threat(
    "a package that was exchanged on the way",
    "versions and hashes of all packages are pinned, and asked for where they are installed",
    "packaging/test_supply_chain.py::test_every_package_is_pinned_to_a_version_and_to_hashes "
    "packaging/test_supply_chain.py::test_whatever_is_installed_by_the_documents_and_the_build_is_checked_by_hash",
    "a package has no hash, and the build asks for none",
)
def no_hashes():
    changed_copy("constraints.txt", r"( \\\n +--hash=\S+)+", "")
    changed_copy("Makefile", "--require-hashes", "")


@threat(
    "a package with known holes",
    "`make audit-deps`: what was not looked up is never called healthy",
    "packaging/test_supply_chain.py::test_what_was_not_looked_up_is_never_called_healthy",
    "no answer is good news",
)
def no_answer():
    changed_program("audit_deps.py", "return UNKNOWN, lines", "return 0, lines")


@threat(
    "a secret in the repository",
    "`make secrets`, on the build server too: real keys are found in tests as well",
    "packaging/test_supply_chain.py::test_a_real_key_is_found_wherever_it_is",
    "tests may hold anything",
)
def keys_in_tests():
    changed_program(
        "scan_secrets.py", "return filename.startswith(_MADE_UP) and ", "return filename.startswith(_MADE_UP) or "
    )


@threat(
    "a secret that was waved through",
    "the baseline names findings that were looked at, each of them judged",
    "packaging/test_supply_chain.py::test_what_was_looked_at_is_there_and_was_judged",
    "the baseline holds what nobody judged",
)
def unjudged():
    changed_copy(".secrets.baseline", '"is_secret": false', '"is_secret": true')


@threat(
    "a statement of SQL that ends early",
    "values are parameters; `make check` refuses statements that are put together of text",
    "unit/test_house.py::test_sql_that_is_put_together_of_text_is_refused",
    "the rule is switched off",
)
def sql_of_text():
    changed_copy("pyproject.toml", r"(\[tool\.ruff\.lint\]\n)", r'\1extend-ignore = ["S608"]\n')


@threat(
    "very many mails that keep the others waiting",
    "what is fresh goes before a backlog",
    "component/ledger/test_claims.py::test_fresh_interests_overtake_a_backlog",
    "first come, first served",
)
def no_overtaking():
    from mailbridge.ledger import claims

    whole = claims._heads

    def heads(connection, account_id, limit, *, fresh):
        return whole(connection, account_id, limit, fresh=not fresh)

    replace("mailbridge.ledger.claims._heads", heads)


@threat(
    "results that a sender wrote below the line of a receiver that said nothing",
    "there they count only behind a field of the service's own, and of Gmail only until it sealed",
    "unit/mailbox/test_trust.py::test_what_stands_below_the_line_of_a_google_that_did_not_seal_was_sent "
    "unit/parsers/test_spoofed.py::test_every_trick_at_every_receiver",
    "what stands below is always the service's",
)
def always_below():
    replace("mailbridge.mailbox.trust._was_written", lambda *_: True)


@threat(
    "a signature with a key that can be broken",
    "keys of less than 1,024 bits prove nothing",
    "unit/mailbox/test_dkim_check.py::test_a_short_key_is_no_key",
    "keys of any length are taken",
)
def short_keys():
    import dkim

    whole = dkim.DKIM.__init__

    def without_least(self, *given, minkey=0, **more):
        whole(self, *given, minkey=0, **more)

    replace("dkim.DKIM.__init__", without_least)


@threat(
    "a signature that is over",
    "what is older than its signer wanted (x=) proves nothing",
    "unit/mailbox/test_dkim_check.py::test_a_signature_that_is_over",
    "signatures have no end",
)
def endless_signatures():
    import dkim

    whole = dkim.validate_signature_fields
    replace(
        "dkim.validate_signature_fields",
        lambda fields, *more, **named: whole(
            {name: one for name, one in fields.items() if name != b"x"}, *more, **named
        ),
    )
