"""The files that are made of a publication."""

from pydantic import Field

from api.schemas.document import Document
from api.schemas.page import Link


class BulkFile(Document):
    """A file of the whole registry, or of a resource, in one format."""

    name: str
    resource: str | None = Field(description="What is in it; null: it is about the other files.")
    format: str | None
    href: str
    media_type: str
    rows: int | None = Field(description="How many entities it holds.")
    size: int = Field(description="Bytes.")
    sha256: str = Field(description="Digest of its bytes, in hexadecimal.")


class Bulk(Document):
    """All files, which show the same publication."""

    sequence: int = Field(description="Number of the publication that the files show.")
    published_at: str
    built_at: str = Field(description="When the files were made.")
    kept: list[int] = Field(description="Publications whose files are still kept, newest first.")
    files: list[BulkFile]
    links: list[Link]
