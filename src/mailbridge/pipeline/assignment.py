"""Who gets an interest. Pure: what the ledger and the CRM know of the people is handed in."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from mailbridge.pipeline.hours import is_within, spans
from mailbridge.pipeline.when import Rules, any_holds
from mailbridge.sdk import Interest

ASAP = "asap"
"""Whoever is first takes it; see `sdk.Delivery.responsible`."""

How = Literal["asap", "round_robin", "least_loaded"]


def _texts(value: Any) -> Any:
    """Ids may be written as numbers, one alone without brackets."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return [str(one) if isinstance(one, int) else one for one in values]


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


User = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int), Field(min_length=1)]
"""A person in the CRM's own terms: a user id."""

Users = Annotated[tuple[User, ...], BeforeValidator(_texts, json_schema_input_type=str | int | tuple[str | int, ...])]


class AssignRule(BaseModel):
    """Who gets the interests of which the condition is true."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: Rules = Field((), description="Conditions as in the sink's own `when`; empty = all.")
    how: How = Field(
        "round_robin", description="round_robin: whoever waited longest; least_loaded; asap: free for all."
    )
    users: Users = Field((), description="Ids of users in the CRM, in their order.")

    @model_validator(mode="after")
    def _with_people(self) -> "AssignRule":
        if self.how != ASAP and not self.users:
            raise ValueError(f"{self.how} needs users: ids of the people who take turns")
        return self


class Assign(BaseModel):
    """Who gets the interests of a sink."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    how: How = Field(
        "round_robin",
        description="round_robin: whoever waited longest; least_loaded: who has the fewest open objects in the CRM; "
        "asap: free for all.",
    )
    users: Users = Field((), description="Ids of users in the CRM, in their order.")
    rules: tuple[AssignRule, ...] = Field((), description="Exceptions, each { when, how, users }; the first that fits.")
    hours: dict[str, str] = Field(
        {}, description='Working hours by user id, "*" = everybody else, such as { "*" = "Mo-Fr 09:00-18:00" }.'
    )
    timezone: str = Field("UTC", description="Time zone of the hours.")
    outside: User = Field(
        "anyway", description="When nobody works: anyway (who is next all the same), asap, or a user id."
    )
    fallback: User | None = Field(None, description="User id for what nobody of the list can get any more.")
    keep_manager: bool = Field(True, description="Who has a person's earlier interest gets the next one, too.")

    @field_validator("hours")
    @classmethod
    def _readable(cls, value: dict[str, str]) -> dict[str, str]:
        for text in value.values():
            spans(text)
        return value

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"no such time zone: {value}")
        return value

    @model_validator(mode="after")
    def _with_people(self) -> "Assign":
        if self.how != ASAP and not self.users:
            raise ValueError(f"{self.how} needs users: ids of the people who take turns")
        listed = {*self.users, *(user for rule in self.rules for user in rule.users)}
        strangers = self.hours.keys() - listed - {"*"}
        if strangers:
            raise ValueError(f'hours names {", ".join(sorted(strangers))}, who is in no list of users; "*" = everybody')
        return self

    def rule_for(self, interest: Interest) -> AssignRule:
        """Return the first rule that fits, else the general one."""
        general = AssignRule(how=self.how, users=self.users)
        return next((rule for rule in self.rules if not rule.when or any_holds(rule.when, interest)), general)

    def counted(self) -> frozenset[str]:
        """Return the users whose open objects have to be known."""
        lists: list[tuple[How, Users]] = [(self.how, self.users), *((rule.how, rule.users) for rule in self.rules)]
        return frozenset(user for how, users in lists if how == "least_loaded" for user in users)

    def people(self) -> frozenset[str]:
        """Return every user that may get something."""
        listed = {*self.users, *(user for rule in self.rules for user in rule.users)}
        outside = {self.outside} - {"anyway", ASAP}
        return frozenset(listed | outside | ({self.fallback} if self.fallback else set()))

    def works(self, user: str, moment: datetime) -> bool:
        """Return whether a user works at a moment."""
        text = self.hours.get(user) or self.hours.get("*")
        return text is None or is_within(text, moment.astimezone(ZoneInfo(self.timezone)))


class Team(Protocol):
    """What is known of the people of an account."""

    @property
    def turns(self) -> Mapping[str, int]:
        """User → number of their last turn; whoever has the lowest waited longest."""
        ...

    @property
    def open(self) -> Mapping[str, int]:
        """User → open objects in the CRM, with what was given since they were counted."""
        ...

    @property
    def gone(self) -> Collection[str]:
        """Users that the CRM no longer gives anything to."""
        ...

    @property
    def moment(self) -> datetime:
        """The present, by the ledger's clock."""
        ...


def choose(assign: Assign, interest: Interest, team: Team, manager: str | None) -> str | None:
    """Return who gets an interest: a user, "asap", or None for the sink's default.

    Args:
        assign: The settings.
        interest: What is assigned.
        team: The people.
        manager: Who has the person's earlier interest, None for nobody.
    """
    rule = assign.rule_for(interest)
    if rule.how == ASAP:
        return ASAP
    there = [user for user in rule.users if user not in team.gone]
    working = [user for user in there if assign.works(user, team.moment)]
    if assign.keep_manager and manager in working:
        return manager
    if there and not working and assign.outside != "anyway":
        there = [] if assign.outside in team.gone else [assign.outside]
        working = there
    if not there:
        return assign.fallback if assign.fallback not in team.gone else None
    return min(_ranked(rule, working or there, team))[-1]


def _ranked(rule: AssignRule, users: Sequence[str], team: Team) -> Iterator[tuple[int, int, int, str]]:
    for place, user in enumerate(users):
        load = team.open.get(user, 0) if rule.how == "least_loaded" else 0
        yield load, team.turns.get(user, 0), place, user
