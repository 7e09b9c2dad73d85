"""What every error answers with."""

from pydantic import BaseModel, Field


class ProblemError(BaseModel):
    parameter: str | None = Field(None, description="The query parameter at fault.")
    pointer: str | None = Field(None, description="JSON Pointer to the place in the body.")
    detail: str


class ProblemDocument(BaseModel):
    """RFC 9457 problem details: what went wrong, and where."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemError] | None = None
