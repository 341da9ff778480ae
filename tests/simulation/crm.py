"""A CRM in memory with search lag, late writes and lost answers, and a sink for it that uses the real `CrmClient`."""

import json
from dataclasses import dataclass

import httpx

from mailbridge.sdk import CrmClient, Delivered, Manifest, Receipt, SinkError, outcome_of, read_json
from simulation.points import Alarm

TOKEN = "token-that-no-log-may-show"
ANSWER_S = 0.2


@dataclass(frozen=True, slots=True)
class Thing:
    """An object in the CRM; it exists from `at` on, and the search sees it `lag_s` later."""

    id: str
    key: str
    step: str
    interest: str
    at: float


class Crm:
    """One account.

    Args:
        world: Clock, plan and auditor.
        name: Of the sink.
        steps: Objects that one delivery makes, the main one first.
        max_batch: Most main objects per request.
        acts_s: How long it may still act on a request whose answer was lost.
        lag_s: How long its search does not see what was written.
    """

    def __init__(self, world, name, *, steps, max_batch, acts_s=20.0, lag_s=10.0):
        self.world, self.name = world, name
        self.steps, self.max_batch = steps, max_batch
        self.acts_s, self.lag_s = acts_s, lag_s
        self.things = []
        self.searched = {}
        self.uncertain = {}
        self.doubles = []
        self.requests = self.writes = 0

    @property
    def quiet_s(self):
        return self.acts_s + self.lag_s

    def has(self, interest, step):
        return [one for one in self.things if one.interest == interest and one.step == step]

    def exists(self, key, step):
        return any(one.key == key and one.step == step and one.at <= self.world.clock.now for one in self.things)

    def answer(self, request):
        """Answer one request, as the plan wants it to end."""
        self.requests += 1
        write = request.method == "POST"
        self.writes += write
        fate = self.world.plan.fate(self, write=write)
        body = json.loads(request.read()) if write else None
        if write:
            self._begin(request, body)
        self.world.point("gap")
        response = self._processed(request, body, fate)
        self.world.point("sent" if write else "answered")
        return response

    def _begin(self, request, body):
        timeout_s = sum(request.extensions["timeout"][part] for part in ("connect", "write", "read"))
        for item in body["items"]:
            self.world.auditor.may_write(self, item["key"], body["step"], timeout_s)
            until = self.uncertain.get((item["key"], body["step"]), 0.0)
            if self.world.clock.now < until:
                left = until - self.world.clock.now
                raise Alarm("I5", f"{self.name} got {body['step']} {left:.1f} s before the quiet period was over")
            self.uncertain[item["key"], body["step"]] = self.world.clock.now + self.quiet_s

    def _processed(self, request, body, fate):
        if fate == "refused":
            self._certain(body)
            raise httpx.ConnectError("connection refused", request=request)
        if fate in {"ok", "answer lost", "500 written", "garbage written", "late"}:
            delay = self.world.rng.uniform(0, self.acts_s) if fate == "late" else 0.0
            result = self._apply(body, delay) if body else self._found(request, fate)
        if fate in {"late", "timeout"}:
            self.world.clock.pass_(request.extensions["timeout"]["read"])
            raise httpx.ReadTimeout("timed out", request=request)
        self.world.clock.pass_(ANSWER_S)
        if fate in {"lost", "answer lost"}:
            raise httpx.RemoteProtocolError("server disconnected without sending a response", request=request)
        if fate == "429":
            self._certain(body)
            return httpx.Response(429, headers={"Retry-After": "3"}, json={"error": "too many"})
        if fate.startswith("500"):
            return httpx.Response(500, json={"error": "internal"})
        if fate.startswith("garbage"):
            return httpx.Response(200, headers={"Content-Type": "text/html"}, content=b"<html>welcome</html>")
        self._certain(body)
        return httpx.Response(200, json=result)

    def at_rest(self):
        """Whether nothing is under way to it, and its search sees all that is there."""
        now = self.world.clock.now
        return max(self.uncertain.values(), default=0.0) <= now and all(
            one.at + self.lag_s <= now for one in self.things
        )

    def _certain(self, body):
        for item in body["items"] if body else ():
            self.uncertain.pop((item["key"], body["step"]), None)

    def _apply(self, body, delay):
        ids = {}
        for item in body["items"]:
            before = self.has(item["interest"], body["step"])
            moment = self.world.clock.now + delay
            made = Thing(f"{self.name}-{len(self.things) + 1}", item["key"], body["step"], item["interest"], moment)
            self.things.append(made)
            ids[item["key"]] = made.id
            if before:
                self.doubles.append(made)
                self.world.auditor.double(self, made)
        return ids

    def _found(self, request, fate):
        keys = [key for key in request.url.params.get("keys", "").split(",") if key]
        seen = [one for one in self.things if one.key in keys and one.at + self.lag_s <= self.world.clock.now]
        if fate == "ok":
            self.searched.update(dict.fromkeys(keys, self.world.clock()))
        found = {}
        for one in seen:
            found.setdefault(one.key, {}).setdefault(one.step, one.id)
        return found


class SimSink:
    """Writes main objects in batches and the rest one by one, as the real sinks do."""

    manifest = Manifest(name="sim", title="Simulated CRM")

    def __init__(self, crm, transport):
        self._crm = crm
        headers = {"Authorization": f"Bearer {TOKEN}"}
        self._client = CrmClient("http://crm.example", headers=headers, transport=transport, timeout_s=5)

    def check(self):
        read_json(self._client.call("GET", "/account", write=False), write=False)

    def find(self, doubts):
        keys = ",".join(doubt.delivery.key for doubt in doubts)
        answer = self._client.call("GET", "/things", write=False, params={"keys": keys})
        found = read_json(answer, write=False)
        return {key: {step: Receipt(one) for step, one in steps.items()} for key, steps in found.items()}

    def deliver(self, deliveries, steps):
        outcomes = {}
        first, *rest = self._crm.steps
        missing = [one for one in deliveries if first not in steps.done(one.key)]
        try:
            if missing:
                self._write(first, missing, steps)
        except SinkError as error:
            outcomes = {one.key: outcome_of(error) for one in missing}
        for one in deliveries:
            if one.key not in outcomes:
                outcomes[one.key] = self._rest(one, rest, steps)
        return [outcomes[one.key] for one in deliveries]

    def close(self):
        self._client.close()

    def _rest(self, delivery, names, steps):
        try:
            for name in names:
                if name not in steps.done(delivery.key):
                    self._write(name, [delivery], steps)
        except SinkError as error:
            return outcome_of(error)
        return Delivered(Receipt(steps.done(delivery.key)[self._crm.steps[0]]))

    def _write(self, step, deliveries, steps):
        items = [{"key": one.key, "interest": one.interest.id, "text": one.interest.text} for one in deliveries]
        steps.writing(step, [one.key for one in deliveries])
        answer = self._client.call("POST", f"/{step}", write=True, json={"step": step, "items": items})
        steps.finished(step, read_json(answer, write=True))
