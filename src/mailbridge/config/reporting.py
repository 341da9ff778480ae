"""The consolidated report: `[report]`."""

from pydantic import BaseModel, ConfigDict, Field

from mailbridge.sdk.translations import Language


class ReportSettings(BaseModel):
    """The report; its days and hours are those of `[watch] timezone`, its deadline is `[watch] answer_s`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Language | None = Field(
        None, examples=["ru"], description="Language of reports; absent = that of [alerts]."
    )
    top: int = Field(
        20, ge=1, le=1000, description="So many values of a dimension are told apart, the rest is one row."
    )
    names: bool = Field(
        False, description="Whether authors who wrote more than once are named; think of who gets the report."
    )
