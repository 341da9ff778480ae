"""One person in two mails, through the program: into the lead that is open, and the audit agrees."""

import pytest

from mailbridge.testing.amocrm import AmocrmEmulator
from mailbridge.testing.bitrix24 import Bitrix24Emulator
from mailbridge.testing.server import serve

CONFIG = """
[ledger]
url = "sqlite:///ledger.db"
[log]
level = "WARNING"
[run]
parse_workers = 0
[mailboxes.box]
type = "directory"
path = "mails"
[sinks.crm]
{sink}
same_person = "append"
rate_per_s = 1000
timeout_s = 5
server_acts_s = 0
search_lag_s = 0
"""
SINKS = {
    "amocrm": (AmocrmEmulator, 'type = "amocrm"\nurl = "{url}"\ntoken = "demo-token"\ntask = { text = "Answer" }'),
    "bitrix24": (Bitrix24Emulator, 'type = "bitrix24"\nurl = "{url}/rest/1/{token}/"\ntodo = { text = "Answer" }'),
}


@pytest.mark.parametrize("name", SINKS)
def test_a_further_interest_goes_into_the_open_lead_once_and_the_audit_finds_it_there(office, name):
    make, table = SINKS[name]
    crm = make(rate_per_s=None) if name == "amocrm" else make()
    with serve(crm) as url:
        office.configure(CONFIG.format(sink=table.replace("{url}", url).replace("{token}", crm.token)))
        office.arrive(1)
        assert office.run("run", "--once", "--new")[0] == 0
        text = (office.folder / "mails" / "1.eml").read_text()
        again = text.replace("<1@", "<1b@").replace("How much is number 1?", "And do you deliver?")
        (office.folder / "mails" / "again.eml").write_text(again)
        assert office.run("run", "--once")[0] == 0
        assert len([ids for ids in crm.keys().values() if ids]) == 1
        assert "And do you deliver?" in str(crm.account.notes if name == "amocrm" else crm.portal.comments)
        code, out, err = office.run("audit", "--since", "7d")
        assert (code, out.strip()) == (0, "nothing to show"), err
