"""`mailbridge check` about the place of the ledger: which path, what is wrong, what to do."""

import json

import pytest

from component.cli.conftest import CONFIG


def findings(office, *arguments):
    """Return the exit code, and what was said of the ledger."""
    code, out, err = office.run("check", "--json", *arguments)
    assert "Traceback" not in err
    return code, next((one for one in map(json.loads, out.splitlines()) if one["what"] == "ledger"), None)


def test_a_place_that_can_be_used(office):
    code, found = findings(office, "--connect")
    assert (code, found["ok"]) == (0, True)
    assert "will be made by the first run" in found["about"]
    assert findings(office) == (0, None)
    assert not office.ledger.exists()


@pytest.mark.parametrize("folder_first", [True, False])
def test_a_folder_in_the_place_of_the_file(office, folder_first):
    if folder_first:
        office.ledger.mkdir()
    else:
        office.configure(CONFIG.replace("ledger.db", "mails/file.eml/ledger.db"))
        (office.folder / "mails" / "file.eml").touch()
    code, found = findings(office, "--connect")
    assert (code, found["ok"]) == (74, False)
    assert ("is a folder: [ledger] url must name a file" if folder_first else "is not a folder") in found["about"]
    code, found = findings(office)
    assert (code, found["ok"]) == (0, True), "another machine may run the daemon"
    assert found["about"].startswith("can't be used here now: ")
    code, _, err = office.run("run", "--once")
    assert (code, "folder" in err, "Traceback" in err) == (74, True, False)


def test_too_little_room_for_the_first_run(office):
    office.configure(CONFIG.replace("[ledger]\n", "[ledger]\nmin_free_bytes = 900_000_000_000_000\n"))
    code, found = findings(office, "--connect")
    assert (code, found["ok"]) == (74, False)
    assert f"the disk under {office.folder}" in found["about"]
    assert "free some space" in found["about"]
