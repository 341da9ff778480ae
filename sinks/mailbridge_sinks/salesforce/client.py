"""The requests of the sink: bulk upsert, bulk create, queries, descriptions."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from mailbridge.sdk import CrmClient, NotWritten, TokenStore, lost, read_json, soql_literal
from mailbridge_sinks.salesforce.answers import DAILY_LIMIT_PAUSE_S, Refusal, SessionEnded, Written, judge, read_results
from mailbridge_sinks.salesforce.auth import identity, judge_log_in, log_in
from mailbridge_sinks.salesforce.config import SalesforceConfig

MAX_RECORDS = 200
"""Records per bulk request (REST API Developer Guide, "sObject Collections"); so many keys fit into a query, too."""


class SalesforceClient:
    """One session with an org; renews the access token when it is refused.

    Attributes:
        usage: Requests of the last 24 hours and how many the org has, as the last answer told; None = not known.
    """

    def __init__(
        self, config: SalesforceConfig, tokens: TokenStore, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._config = config
        self._tokens = tokens
        self.usage: tuple[int, int] | None = None
        headers = {
            "Sforce-Auto-Assign": "TRUE" if config.auto_assign else "FALSE",
            "Sforce-Duplicate-Rule-Header": f"allowSave={str(config.allow_duplicates).lower()}",
        }
        self._crm = CrmClient(config.url, headers=headers, transport=transport, timeout_s=config.timeout_s, judge=judge)
        self._log_in = CrmClient(config.url, transport=transport, timeout_s=config.timeout_s, judge=judge_log_in)

    @property
    def data_path(self) -> str:
        """Path of the API version."""
        return f"/services/data/v{self._config.api_version}"

    def upsert_path(self) -> str:
        """Return the path of the bulk upsert by the key field."""
        return f"{self.data_path}/composite/sobjects/{self._config.object}/{self._config.key_field}"

    def create_path(self) -> str:
        """Return the path of the bulk create."""
        return f"{self.data_path}/composite/sobjects"

    def upsert(self, records: Sequence[Mapping[str, Any]]) -> list[Written | Refusal]:
        """Write leads by their key."""
        return read_results(self._call("PATCH", self.upsert_path(), write=True, json=bulk(records)), len(records))

    def create(self, records: Sequence[Mapping[str, Any]]) -> list[Written | Refusal]:
        """Create records."""
        return read_results(self._call("POST", self.create_path(), write=True, json=bulk(records)), len(records))

    def select(self, fields: str, table: str, where: str) -> list[dict[str, Any]]:
        """Return all records of a query, page by page; `where` holds values as `literal` writes them."""
        # Names come from patterns of the settings, values are escaped.
        soql = f"SELECT {fields} FROM {table} WHERE {where}"  # noqa: S608
        page = self._page(f"{self.data_path}/query", {"q": soql})
        records = list(page["records"])
        while not page.get("done", True):
            page = self._page(str(page["nextRecordsUrl"]), None)
            records += page["records"]
        return records

    def select_in(
        self, fields: str, table: str, field: str, values: Iterable[str], more: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Yield the records whose field is one of the values, in as many queries as the length of a URL takes.

        Args:
            fields: What to return.
            table: Name of the object.
            field: Which field.
            values: Which values.
            more: A further condition, as `select` takes it.
        """
        todo = sorted(set(values))
        for start in range(0, len(todo), MAX_RECORDS):
            listed = ",".join(soql_literal(value) for value in todo[start : start + MAX_RECORDS])
            yield from self.select(fields, table, f"{field} IN ({listed})" + (f" AND {more}" if more else ""))

    def get(self, path: str) -> Any:
        """Return what a GET below the API version answers."""
        return self._call("GET", self.data_path + path, write=False)

    def versions(self) -> set[str]:
        """Return the API versions of the org."""
        listed = self._call("GET", "/services/data/", write=False)
        return {str(item.get("version")) for item in listed or [] if isinstance(item, dict)}

    def page_of(self, remote_id: str) -> str:
        """Return the address where a person sees a record."""
        return f"{self._config.url}/{remote_id}"

    def close(self) -> None:
        """Release connections."""
        self._crm.close()
        self._log_in.close()

    def _page(self, path: str, params: Mapping[str, str] | None) -> dict[str, Any]:
        page = self._call("GET", path, write=False, params=params)
        if not isinstance(page, dict) or not isinstance(page.get("records"), list):
            raise lost("the answer to a query lists no records", write=False)
        return page

    def _call(self, method: str, path: str, *, write: bool, **arguments: Any) -> Any:
        session = self._session()
        try:
            return self._send(session, method, path, write=write, **arguments)
        except SessionEnded:
            if self._config.token is not None:
                raise
        renewed = self._renew(session["access_token"])
        return self._send(renewed, method, path, write=write, **arguments)

    def _send(self, session: Mapping[str, str], method: str, path: str, *, write: bool, **arguments: Any) -> Any:
        self._leave_some()
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        answer = self._crm.call(method, session["instance_url"] + path, write=write, headers=headers, **arguments)
        self.usage = api_usage(answer.headers.get("Sforce-Limit-Info", ""))
        return read_json(answer, write=write)

    def _leave_some(self) -> None:
        """Stop before the org's last requests of the day; the next request after the pause learns the new count."""
        used, most = self.usage or (0, 1)
        if self.usage and used >= most * self._config.daily_share:
            self.usage = None
            words = f"{used} of the org's {most} API requests of 24 hours are used: the rest is left to others"
            raise NotWritten(words, after_s=DAILY_LIMIT_PAUSE_S, pause=True)

    def _session(self) -> Mapping[str, str]:
        if self._config.token is not None:
            return {"access_token": self._config.token.get_secret_value(), "instance_url": self._config.url}
        stored = self._tokens.load()
        if stored.get("identity") == identity(self._config):
            return stored
        return self._renew(stored.get("access_token"))

    def _renew(self, used: str | None) -> Mapping[str, str]:
        session = self._tokens.refresh(used, lambda stored: log_in(self._log_in, self._config, stored))
        if session.get("identity") != identity(self._config):
            raise NotWritten("the stored session belongs to other settings of this account")
        return session


def api_usage(header: str) -> tuple[int, int] | None:
    """Return the count of a Sforce-Limit-Info header, such as "api-usage=18/5000; per-app-api-usage=…"."""
    match = re.search(r"(?:^|[;\s])api-usage=(\d+)/(\d+)", header)
    return (int(match[1]), int(match[2])) if match else None


def bulk(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the body of a bulk request in which every record stands for itself."""
    return {"allOrNone": False, "records": list(records)}
