"""The table that describes how main objects are read back."""

from typing import Self

from pydantic import Field, model_validator

from mailbridge.sdk import ReadBackConfig
from mailbridge_sinks.rest.shape import Query, Request, for_many

BATCH_NAMES = frozenset({"settings", "ids", "token"})


class Look(Request):
    """The request that reads main objects, and where their state stands in a found one."""

    batch: int = Field(1, ge=1, le=100, description="Objects per request: 1 = templates have id, more = the list ids.")
    stage: Query = Field("", description="JMESPath of the stage, in words.")
    moved: Query = Field("", description="JMESPath that is true when a person has moved it on from where it began.")
    moved_at: Query = Field("", description="JMESPath of the moment, RFC 3339 or Unix seconds.")
    closed: Query = Field("", description="JMESPath that is true when nobody works on it any more.")
    responsible: Query = Field("", description="JMESPath of who has it: a name, or an id where there is none.")
    responsible_id: Query = Field("", description="JMESPath of the id of who has it.")
    answered_at: Query = Field("", description="JMESPath of the moment of a person's first answer.")
    proof: Query = Field("", description="JMESPath of the link to the answer.")
    gone: bool = Field(False, description="An object that a good answer does not hold was deleted.")

    @model_validator(mode="after")
    def _names_its_objects(self) -> Self:
        if self.batch > 1 and "ids" not in for_many(self.path, self.params, self.body, names=BATCH_NAMES):
            raise ValueError("batch: the request does not name ids, so that it asks for none of them")
        return self


class RestReadBack(ReadBackConfig):
    """Reading back needs a request; without one nothing is read."""

    every_s: float = Field(0, ge=0, le=86_400, description="Seconds between two looks; 0 = never.")
    look: Look | None = Field(None, description="The request that reads main objects; see the sink's documentation.")

    @model_validator(mode="after")
    def _has_a_request(self) -> Self:
        if self.every_s and self.look is None:
            raise ValueError("every_s needs look: the request that reads main objects")
        return self
