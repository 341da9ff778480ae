"""What a careful person writes: peek, read, one POST a mail over a kept connection, \\Seen after the answer, retries.

python bench/careful_script.py IMAP_PORT USER PASSWORD URL
"""

import json
import sys
import time

import httpx
import mailparser
from bs4 import BeautifulSoup
from imap_tools import AND, MailBoxUnencrypted, MailMessageFlags

TRIES = 4


def fields_of(raw: bytes) -> dict[str, object]:
    """Return what such a script takes from a mail."""
    mail = mailparser.parse_from_bytes(raw)
    soup = BeautifulSoup("\n".join(mail.text_html) or "\n".join(mail.text_plain), "html.parser")
    links = [anchor["href"] for anchor in soup.find_all("a", href=True)]
    text = soup.get_text(" ", strip=True)
    return {"subject": mail.subject, "from": mail.from_, "date": str(mail.date), "links": links[:5], "text": text}


def post(client: httpx.Client, url: str, lead: dict[str, object]) -> None:
    """Send, and again after 1, 2 and 4 seconds."""
    for number in range(TRIES):
        try:
            client.post(url, json=lead).raise_for_status()
        except httpx.HTTPError:
            if number == TRIES - 1:
                raise
            time.sleep(2**number)
        else:
            return


def main(port: str, user: str, password: str, url: str) -> None:
    """Work off what is unseen."""
    with MailBoxUnencrypted("127.0.0.1", int(port)).login(user, password) as box, httpx.Client() as client:
        print(json.dumps({"ready": time.monotonic()}), flush=True)
        for mail in box.fetch(AND(seen=False), mark_seen=False):
            post(client, url, {"key": f"uid-{mail.uid}", **fields_of(mail.obj.as_bytes())})
            box.flag([mail.uid], MailMessageFlags.SEEN, True)


if __name__ == "__main__":
    main(*sys.argv[1:])
