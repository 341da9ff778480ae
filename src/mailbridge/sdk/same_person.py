"""What a further interest of a person becomes, by the policy of a sink's configuration."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mailbridge.sdk.interest import Kind
from mailbridge.sdk.sink import Delivery


class SamePerson(BaseModel):
    """Settings of sinks that link an interest to the person, or put it into an object that is still open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    same_person: Literal["link", "append", "new"] = Field(
        "link",
        description="What a further interest of a person becomes: link = a lead of its own at the one contact; append "
        "= while a lead of theirs is open, a note (and a task) with the whole card there; new = a lead and a contact.",
    )
    always_new: tuple[Kind, ...] = Field(("order",), description="With append: kinds that are a lead all the same.")

    def may_append(self, delivery: Delivery) -> bool:
        """Whether a delivery goes into an open object of its person, where there is one."""
        return self.same_person == "append" and delivery.interest.kind not in self.always_new

    def open_of(self, delivery: Delivery) -> str | None:
        """Return the object that was open when last looked at; None = it becomes one of its own."""
        known = delivery.known
        return known.open_id if known is not None and self.may_append(delivery) else None
