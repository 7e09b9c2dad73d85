"""The source that rows are from: registered once it is needed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from db.models import Source
from db.registry import ids_by_slug, insert_missing
from seed.identity import source_id
from seed.mappings import SourceRule
from seed.report import FileReport

NOT_STATED = "not_stated"
WITHHELD = "may be imported, but not published"


def register_source(connection: Connection, rule: SourceRule, report: FileReport) -> UUID:
    """The id of a source, registered if it is not yet."""
    if rule.license == NOT_STATED and not any(each.reason == WITHHELD for each in report.findings):
        report.flag(WITHHELD, None, "license", rule.license)
    registered = ids_by_slug(connection, Source).get(rule.slug)
    if registered is not None:
        return registered
    identity = source_id(rule.slug)
    insert_missing(connection, Source, [{"id": identity} | rule.model_dump()])
    return identity
