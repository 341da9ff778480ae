import re
import tomllib

import pytest

from mailbridge.config.example import example_text, toml
from mailbridge.config.load import ConfigError, load_settings
from mailbridge.registry import sink_names

IMAP = """\
[mailboxes.main]
type = "imap"
host = "imap.example.org"
username = "leads@example.org"
password = "s3cret"
"""

AMO = """\
[sinks.amo]
type = "amocrm"
url = "https://example.amocrm.ru"
token = "t0ken"
"""


def test_defaults_are_enough_for_what_is_not_named(load):
    settings = load(IMAP + AMO)
    assert settings.mailboxes["main"].effective_port == 993
    assert settings.sinks["amo"].key_field == "mailbridge key"
    assert settings.run.shutdown_s == 30


def test_the_environment_goes_over_the_file(load):
    settings = load(
        IMAP + AMO,
        {
            "MAILBRIDGE_SINKS__AMO__TOKEN": "other",
            "MAILBRIDGE_RUN__SHUTDOWN_S": "5",
            "MAILBRIDGE_SINKS__AMO__TAGS": '["a", "b"]',
            "UNRELATED": "x",
        },
    )
    assert settings.sinks["amo"].token.get_secret_value() == "other"
    assert settings.run.shutdown_s == 5
    assert settings.sinks["amo"].tags == ("a", "b")


def test_the_environment_finds_names_with_capitals_and_dashes(load):
    settings = load(AMO.replace("amo]", "Amo-Main]"), {"MAILBRIDGE_SINKS__AMO_MAIN__TIMEOUT_S": "7"})
    assert settings.sinks["Amo-Main"].timeout_s == 7


def test_the_environment_alone_makes_a_table(load):
    settings = load("", {"MAILBRIDGE_SINKS__FILE__TYPE": "jsonl", "MAILBRIDGE_SINKS__FILE__PATH": "/tmp/x.jsonl"})
    assert list(settings.sinks) == ["file"]


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        (AMO, {"MAILBRIDGE_SINKS__AMO__TOKEN_FILE": "other"}),
        (AMO.replace('token = "t0ken"', 'token_file = "nowhere"'), {"MAILBRIDGE_SINKS__AMO__TOKEN": "from file"}),
    ],
)
def test_a_secret_of_the_environment_displaces_that_of_the_file_in_either_form(load, text, environment):
    (load.folder / "other").write_text("from file\n")
    assert load(text, environment).sinks["amo"].token.get_secret_value() == "from file"


def test_a_secret_that_the_environment_gives_twice_is_refused(load):
    environment = {"MAILBRIDGE_SINKS__AMO__TOKEN_FILE": "other", "MAILBRIDGE_SINKS__AMO__TOKEN": "x"}
    (problem,) = load.problems(AMO, environment)
    assert "both given" in problem


def test_the_address_of_the_ledger_may_hold_a_password_and_comes_from_a_file_too(load):
    (load.folder / "ledger").write_text("postgresql://bridge:s3cret@db.example/leads\n")
    settings = load('[ledger]\nurl_file = "ledger"\n' + IMAP)
    assert settings.ledger.url == "postgresql://bridge:s3cret@db.example/leads"


@pytest.mark.parametrize("kind", sink_names())
def test_every_key_of_every_sink_can_come_from_the_environment(load, kind):
    """What the example shows for a key arrives the same from the file and as a variable."""
    whole = tomllib.loads(re.sub(r"(?m)^#(?=[a-z\[])", "", example_text()))
    (table,) = (table for table in whole["sinks"].values() if table["type"] == kind)
    given = {
        f"MAILBRIDGE_SINKS__IT__{key.upper()}": toml(value) if isinstance(value, (list, dict)) else plain(value)
        for key, value in table.items()
    }
    assert load("", given).sinks == load(f"sinks.it = {toml(table)}\n").sinks


def plain(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_key_of_a_mailbox_can_come_from_the_environment(load):
    whole = tomllib.loads(re.sub(r"(?m)^#(?=[a-z\[])", "", example_text()))
    table = whole["mailboxes"]["main"]
    given = {f"MAILBRIDGE_MAILBOXES__IT__{key.upper()}": plain(value) for key, value in table.items()}
    assert load("", given).mailboxes == load(f"mailboxes.it = {toml(table)}\n").mailboxes


def test_a_problem_names_the_variable_that_it_comes_from(load):
    problems = load.problems(IMAP + "poll_s = 0\n", {"MAILBRIDGE_RUN__SHUTDOWN_S": "soon"})
    assert problems[0].startswith("[run] shutdown_s: ")
    assert problems[0].endswith(" (from MAILBRIDGE_RUN__SHUTDOWN_S)")
    assert problems[1] == "[mailboxes.main] poll_s: Input should be greater than 0"


def test_one_underscore_between_table_and_key_is_told_and_not_ignored(load):
    (problem,) = load.problems(IMAP, {"MAILBRIDGE_LEDGER_URL": "sqlite:///x.db", "MAILBRIDGE_HOME": "/opt"})
    assert problem.startswith("MAILBRIDGE_LEDGER_URL: ")
    assert "did you mean MAILBRIDGE_LEDGER__URL?" in problem


def test_a_misspelt_variable_is_told_like_a_misspelt_key(load):
    (problem,) = load.problems(IMAP, {"MAILBRIDGE_RUN__SHUTDOWN": "5"})
    assert "shutdown: unknown key, did you mean 'shutdown_s'?" in problem


def test_variables_of_the_test_suite_are_no_settings(load):
    load(IMAP, {"MAILBRIDGE_SAMPLES": "/somewhere", "MAILBRIDGE_CI": "1"})


def test_a_table_where_a_value_stands_is_a_problem_and_no_crash(load):
    assert load.problems(IMAP, {"MAILBRIDGE_MAILBOXES__MAIN__HOST__NAME": "x"})


def test_a_secret_comes_from_its_file_without_the_last_line_break(load):
    (load.folder / "pass").write_bytes(b" pass word \r\n")
    settings = load(IMAP.replace('password = "s3cret"', 'password_file = "pass"'))
    assert settings.mailboxes["main"].password.get_secret_value() == " pass word "


def test_every_secret_of_every_sink_can_come_from_a_file(load):
    (load.folder / "token").write_text("from file\n")
    settings = load(AMO.replace('token = "t0ken"', 'token_file = "token"'))
    assert settings.sinks["amo"].token.get_secret_value() == "from file"


def test_a_secret_that_is_given_twice_is_refused(load):
    (load.folder / "pass").write_text("x")
    (problem,) = load.problems(IMAP + 'password_file = "pass"\n')
    assert problem == "[mailboxes.main] password and password_file are both given: keep one"


def test_one_problem_is_one_line_and_several_are_a_list(load):
    for text, lines in ((IMAP + "poll_s = 0\n", 1), (IMAP + "poll_s = 0\nidle = 3\n", 3)):
        with pytest.raises(ConfigError) as caught:
            load(text)
        assert len(str(caught.value).splitlines()) == lines


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_secret_file_that_cannot_be_read_is_one_problem(load, content):
    if content is not None:
        (load.folder / "pass").write_bytes(content)
    (problem,) = load.problems(IMAP.replace('password = "s3cret"', 'password_file = "pass"'))
    assert problem.startswith("[mailboxes.main] password_file: ")
    assert str(load.folder / "pass") in problem


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        ("[ledgr]\n", "[ledgr]", "ledger"),
        ("[ledger]\nurls = 'x'\n", "[ledger] urls", "url"),
        (IMAP + "hosts = 'x'\n", "[mailboxes.main] hosts", "host"),
        (IMAP + "password_fil = 'x'\n", "[mailboxes.main] password_fil", "password_file"),
        (AMO + "pipelin = 3\n", "[sinks.amo] pipelin", "pipeline"),
        (AMO + "server_act_s = 3\n", "[sinks.amo] server_act_s", "server_acts_s"),
        (AMO + "task = { txt = 'x' }\n", "[sinks.amo.task] txt", "text"),
        ("[parsers.wordpres]\n", "[parsers] wordpres", "wordpress"),
        ("[parsers.direct]\nown_domain = []\n", "[parsers.direct] own_domain", "own_domains"),
    ],
)
def test_an_unknown_key_is_told_with_the_one_that_is_meant(load, text, key, meant):
    assert load.problems(text) == [f"{key}: unknown key, did you mean {meant!r}?"]


def test_all_problems_are_told_at_once(load):
    problems = load.problems(
        "[run]\nshutdown_s = -1\n[log]\nlevl = 'INFO'\n"
        + IMAP.replace('host = "imap.example.org"\n', 'password_file = "nowhere"\n')
        + AMO.replace("https://", "http://")
        + "[sinks.two]\ntype = 'amocrn'\n"
    )
    text = "\n".join(problems)
    for part in (
        "[run] shutdown_s: ",
        "[log] levl: unknown key, did you mean 'level'?",
        "[mailboxes.main] host: is missing",
        "[mailboxes.main] password and password_file are both given",
        "[sinks.amo] url: must begin with https://",
        "[sinks.two] type: unknown type 'amocrn', did you mean 'amocrm'?",
    ):
        assert part in text
    assert len(problems) == 6


def test_a_missing_type_names_all_there_are(load):
    problems = load.problems("[mailboxes.a]\n[sinks.b]\n")
    assert problems[0] == "[mailboxes.a] type: is missing; one of imap, directory, maildir, mbox"
    assert problems[1].startswith("[sinks.b] type: is missing; one of amocrm, bitrix24, jsonl, rest, salesforce")


@pytest.mark.parametrize(
    "text",
    [
        IMAP.replace("main", "imap").replace('host = "imap.example.org"\n', ""),
        AMO.replace("[sinks.amo]", "[sinks.amocrm]").replace('url = "https://example.amocrm.ru"\n', ""),
    ],
)
def test_a_table_called_like_its_type_keeps_its_name(load, text):
    (problem,) = load.problems(text)
    assert problem in {"[mailboxes.imap] host: is missing", "[sinks.amocrm] url: is missing"}


def test_no_problem_shows_what_only_the_library_knows(load):
    problems = load.problems(IMAP + AMO + "asap = 'perhaps'\nparallel = 'many'\ntask = { deadline_s = 0 }\n")
    assert len(problems) == 3
    for problem in problems:
        assert re.match(r"\[sinks\.amo(\.task)?\] \w+: ", problem)
        assert "amocrm" not in problem
        assert "Value error" not in problem


def test_one_account_in_two_tables_is_refused(load):
    problems = load.problems(AMO + AMO.replace("amo]", "two]") + 'account_id = "amo"\n')
    assert problems == ["[sinks.two] account_id 'amo' is that of [sinks.amo] too"]


def test_two_accounts_of_one_kind_are_fine(load):
    assert list(load(AMO + AMO.replace("amo]", "two]")).sinks) == ["amo", "two"]


def test_relative_paths_begin_at_the_file_and_not_at_the_working_directory(load, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    settings = load(
        "[ledger]\nurl = 'sqlite:///data/l.db'\n[mailboxes.d]\ntype = 'directory'\npath = 'in'\n"
        "[sinks.f]\ntype = 'jsonl'\npath = 'out.jsonl'\n"
    )
    assert settings.ledger.url == f"sqlite:///{load.folder}/data/l.db"
    assert settings.mailboxes["d"].path == load.folder / "in"
    assert settings.sinks["f"].path == load.folder / "out.jsonl"


def test_absolute_paths_stay(load):
    settings = load("[ledger]\nurl = 'sqlite:////var/lib/x.db'\n[sinks.f]\ntype = 'jsonl'\npath = '/o.jsonl'\n")
    assert settings.ledger.url == "sqlite:////var/lib/x.db"
    assert str(settings.sinks["f"].path) == "/o.jsonl"


def test_a_configuration_named_by_a_relative_path_gives_absolute_ones(load, monkeypatch):
    load(IMAP)
    monkeypatch.chdir(load.folder)
    assert load_settings(load.path.relative_to(load.folder), {}).ledger.url == f"sqlite:///{load.folder}/mailbridge.db"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file; write one with: mailbridge init"),
        (b"\xff", "is not UTF-8 text"),
        (b"a = ", "is not TOML: "),
    ],
)
def test_a_file_that_is_none_says_what_it_is(load, content, words):
    if content is not None:
        load.path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        load_settings(load.path, {})


def test_a_folder_is_no_configuration(load):
    with pytest.raises(ConfigError, match="can't be read"):
        load_settings(load.folder, {})


def test_a_refused_configuration_shows_no_secret(load):
    text = AMO + 'client_id = "cl1ent"\nclient_secret = "v3rysecret"\n[sinks.b]\ntype = "bitrix24"\nurl = "h0ok"\n'
    with pytest.raises(ConfigError) as caught:
        load(text + IMAP.replace("s3cret", "s3cr\\net"))
    for secret in ("t0ken", "v3rysecret", "h0ok", "s3cr"):
        assert secret not in str(caught.value)


def test_ready_replies_are_a_list_of_tables_and_one_table_is_a_list_of_one(load):
    one = '[replies]\nwhen = { kind = "order" }\ntext = "Hello"\n'
    assert len(load(one).replies) == 1
    assert len(load(one.replace("[replies]", "[[replies]]") * 2).replies) == 2
    assert load.problems('[[replies]]\ntxt = "Hello"\n') == [
        "[replies.0] text: is missing",
        "[replies.0] txt: unknown key, did you mean 'text'?",
    ]
