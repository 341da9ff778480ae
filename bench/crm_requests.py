"""How many requests a thousand interests cost a CRM, and how much of the permitted rate is used while there is work.

    python bench/crm_requests.py [amocrm] [bitrix24] [salesforce] [--interests N] [--delay 0.3] [--alone] [--run]

Starts `mailbridge emulate`, which answers after `--delay` seconds, writes mails of invented persons into a folder, and
lets `mailbridge replay --deliver` (with --run: `mailbridge run --once`) send them: contact, lead, note and task each.
There is work from the first write to the last; before it stand the questions of a start. Ends with 1 when a limit is
exceeded. The load of the machine is printed: above its number of cores the share says more of it than of the program.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("mailbridge")
FIRST = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Инна", "Кирилл")
LAST = ("Котик", "Лесная", "Мороз", "Нагорных", "Орлик", "Полевых", "Ручей", "Синица", "Тихих", "Утёс")
MAIL = """\
Date: Mon, 23 Nov 2026 12:{minute:02}:{second:02} +0300
From: noreply@tilda.ws
To: zakaz@mebel.example
Subject: Request from mebel.example
Message-ID: <bench-{number}@mebel.example>
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: 8bit
MIME-Version: 1.0

Request details:
Имя: {name}
Телефон: +7912{number:07}
Email: person{number}@people.example
Ваш_вопрос: Есть ли круглый стол номер {number}?

Additional information:
Transaction ID: 7770001:{number:09}
Block ID: rec123456789
Form Name: Вопрос о товаре
https://mebel.example/stoly?utm_source=vk&utm_medium=cpc
-----
"""
CONFIG = """\
[ledger]
url = "sqlite:///{folder}/ledger.db"

[mailboxes.main]
type = "directory"
path = "{folder}/mails"

[sinks.crm]
{sink}
"""


WRITES = re.compile(r"^(POST|PATCH) .*(leads/complex|leads/notes|/tasks|crm\.item\.add|composite)")
"""A request that makes something."""


@dataclass(frozen=True)
class Crm:
    """What is measured of one CRM.

    Attributes:
        most: Requests per 1,000 interests, without look-ups of persons.
        rate_per_s: What the CRM permits; None = it counts requests by the day, not by the second.
        sink: Its table in the configuration; ADDRESS and TOKEN are filled in.
        looks_up: What the path or body of a look-up of persons holds.
        interests: So many are sent unless told otherwise. The last requests wait for each other's answers, and
            beside ten seconds of work that would be a large part.
    """

    most: int
    rate_per_s: float | None
    sink: str
    looks_up: re.Pattern[str]
    interests: int = 1000


CRMS = {
    "amocrm": Crm(
        70, 7.0,
        'type = "amocrm"\nurl = "ADDRESS"\ntoken = "TOKEN"\npipeline = "Продажи"\nresponsible = 504141\n'
        '[sinks.crm.task]\ntext = "Ответить"',
        re.compile(r"^GET /api/v4/contacts\?"),
        interests=2000,
    ),
    "bitrix24": Crm(
        120, 2.0,
        'type = "bitrix24"\nurl = "ADDRESS/rest/1/TOKEN/"\nstage = "NEW"\n[sinks.crm.todo]\ntext = "Ответить"',
        re.compile(r"crm\.duplicate\.findbycomm|crm\.item\.list\?entityTypeId=3"),
    ),
    "salesforce": Crm(
        20, None,
        'type = "salesforce"\nurl = "ADDRESS"\ntoken = "TOKEN"\n[sinks.crm.task]\ndeadline_days = 1',
        re.compile(r"(?!)"),  # persons are found by the ledger, not by asking
    ),
}  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("crms", nargs="*", default=list(CRMS), metavar="CRM")
    options.add_argument(
        "--interests", type=int, help="as many for each CRM; else so many that the end is a small part"
    )
    options.add_argument("--delay", type=float, default=0.3)
    options.add_argument(
        "--alone", action="store_true", help="amoCRM: search strangers one by one, which takes longest"
    )
    options.add_argument("--run", action="store_true", help="by `run --once`, out of a mailbox, instead of `replay`")
    chosen = options.parse_args()
    more = "contact_pages = 0\n" if chosen.alone else ""
    good = [
        measure(name, chosen.interests or CRMS[name].interests, chosen.delay, more, run=chosen.run)
        for name in chosen.crms
    ]
    sys.exit(0 if all(good) else 1)


def measure(name: str, count: int, delay_s: float, more: str, *, run: bool) -> bool:
    crm = CRMS[name]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_mails(place / "mails", count)
        with emulated(name, place / "journal", delay_s) as (address, token):
            sink = more + crm.sink.replace("ADDRESS", address).replace("TOKEN", token)
            (place / "config.toml").write_text(CONFIG.format(folder=folder, sink=sink), encoding="utf-8")
            began = time.monotonic()
            command = ["run", "--once"] if run else ["replay", place / "mails", "--deliver", "--yes"]
            subprocess.run(
                [PROGRAM, *command, "--new", "-c", place / "config.toml"],
                check=True, stdout=subprocess.DEVNULL, stderr=(place / "log").open("w"),
            )  # fmt: skip
            seconds = time.monotonic() - began
        entries = [json.loads(line) for line in (place / "journal").read_text(encoding="utf-8").splitlines()]
    return show(name, crm, entries, count, seconds)


def write_mails(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        name = f"{FIRST[number % 10]} {LAST[number // 10 % 10]}"
        mail = MAIL.format(number=number, name=name, minute=number // 60 % 60, second=number % 60)
        (folder / f"{number:05}.eml").write_text(mail, encoding="utf-8")


@contextmanager
def emulated(name: str, journal: Path, delay_s: float) -> Iterator[tuple[str, str]]:
    command = [PROGRAM, "emulate", name, "--journal", journal, "--delay", str(delay_s)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            told = re.search(r"(http://[\d.:]+).*token: (\S+)", process.stderr.readline())
            assert told is not None, "the emulator did not start"
            yield told[1], told[2]
        finally:
            process.terminate()


def show(name: str, crm: Crm, entries: Sequence[dict[str, object]], count: int, seconds: float) -> bool:
    """Print what was measured; False when it is not good enough."""
    lines = [f"{entry['method']} {entry['path']} {entry['body']}" for entry in entries]
    lookups = sum(1 for line in lines if crm.looks_up.search(line))
    own = (len(lines) - lookups) * 1000 / count
    refused = sum(1 for entry in entries if entry["status"] in {429, 503})
    times = [float(str(entry["at"])) for entry in entries]
    work = times[next(at for at, line in enumerate(lines) if WRITES.search(line)) :]
    rate = (len(work) - 1) / (work[-1] - work[0])
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    questions_s, work_s = work[0] - times[0], work[-1] - work[0]
    print(f"{name}: {count} interests in {seconds:.0f} s: {questions_s:.1f} s of questions, {work_s:.1f} s of work")
    print(f"  load of the machine            {load:6.1f}   per core")
    print(f"  requests per 1,000 interests   {own:6.0f}   at most {crm.most}")
    print(f"  look-ups of persons apart      {lookups * 1000 / count:6.0f}")
    share = 1.0 if crm.rate_per_s is None else rate / crm.rate_per_s
    if crm.rate_per_s is not None:
        print(f"  share of the permitted rate    {share:6.0%}   of {crm.rate_per_s:g} a second, at least 90 %")
    print(f"  refused for the rate           {refused:6}   none")
    for kind, number in Counter(kind_of(line) for line in lines).most_common():
        print(f"    {number:5}  {kind}")
    return own <= crm.most and share >= 0.9 and refused == 0


def kind_of(line: str) -> str:
    """Return what a request was for, without numbers and queries."""
    commands = re.findall(r'"(crm\.[\w.]+|user\.get)\?', line)
    if commands:
        return "batch of " + " + ".join(dict.fromkeys(commands))
    method, path = line.split(" ", 2)[:2]
    return f"{method} {path.partition('?')[0]}"


if __name__ == "__main__":
    main()
