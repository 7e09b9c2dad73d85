"""The source that rows are from: registered once it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from db.models import Source
from db.registry import ids_by_slug, insert_missing
from seed.identity import distinct_slug, entity_id, slugify, source_id
from seed.mappings import FieldRule, ImportMapping, SourceRule, ValueRefused
from seed.mappings.rules import written
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


class Origins:
    """The sources of the rows of a file: what a row names, or else the one of the mapping."""

    def __init__(
        self, connection: Connection, mapping: ImportMapping, source: UUID, report: FileReport
    ) -> None:
        self._connection = connection
        self._mapping = mapping
        self._source = source
        self._report = report
        self._known: dict[tuple[str, ...], UUID] = {}

    def of(self, properties: Mapping[str, Any], position: str) -> UUID:
        rule = self._mapping.origin
        if rule is None:
            return self._source
        try:
            stated = tuple(_said(each, properties) for each in rule.rules)
        except ValueRefused as refused:
            self._report.flag(refused.reason, position, refused.field, refused.value)
            return self._source
        if not all(stated[:2]):
            return self._source
        if stated not in self._known:
            self._known[stated] = self._register(*stated)
        return self._known[stated]

    def forget(self) -> None:
        """What was registered may have been rolled back since."""
        self._known.clear()

    def _register(self, attribution: str, license_: str, url: str = "") -> UUID:
        """The slug is made of all of it: two licences of one publisher are two sources."""
        default = self._mapping.source
        identity = entity_id("source", default.slug, f"{attribution} {license_} {url}")
        rule = SourceRule(
            slug=distinct_slug(attribution, identity, (slugify(attribution),)),
            title=attribution,
            publisher=attribution,
            license=license_,
            license_url=url or None,
            attribution=attribution,
            rhythm=default.rhythm,
        )
        return register_source(self._connection, rule, self._report)


def _said(rule: FieldRule, properties: Mapping[str, Any]) -> str:
    return written(rule.read("origin", properties))
