"""A small registry in which every table has rows, for tests that change and compare all of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

import shapely
from sqlalchemy import Connection, Table, Uuid, select, text

from db import models
from db.registry import upsert

NAMESPACE = UUID("8a6e0804-2bd0-4672-b79d-d97027f9071a")
AWKWARD = 7.1499999999999995  # a longitude that GeoJSON's fifteen decimals round

Row = dict[str, Any]


def key(*name: object) -> UUID:
    return uuid5(NAMESPACE, " ".join(map(str, name)))


HERE, ELSEWHERE = key("source", "here"), key("source", "elsewhere")


def source(name: str, /, **columns: Any) -> Row:
    stated = {"title": name, "publisher": "Amt", "license": "cc-zero", "attribution": "Amt"}
    return {"id": key("source", name), "slug": name, **stated, **columns}


def entity(table: str, slug: str, /, **columns: Any) -> Row:
    common = {"id": key(table, slug), "slug": slug, "status": "published", "source_id": HERE}
    return {**common, "external_key": f"{table}-{slug}", **columns}


def part(table: str, /, *name: object, **columns: Any) -> Row:
    return {"id": key(table, *name), **columns}


def square(west: float, south: float, side: float = 0.1) -> bytes:
    box = shapely.MultiPolygon([shapely.box(west, south, west + side, south + side)])
    return bytes(shapely.to_wkb(shapely.set_srid(box, 4326), include_srid=True))


def organisation(name: str, /, **columns: Any) -> Row:
    return entity("organisation", name, name=name.title(), **columns)


def offering(name: str, /, **columns: Any) -> Row:
    return entity("offering", name, name=name.title(), **columns)


def site(name: str, /, **columns: Any) -> Row:
    place = {"street": "Gasse 1", "postcode": "09599", "point": (AWKWARD, 51.2)}
    row = {"id": key("site", name), "source_id": HERE, "external_key": name, "precision": "exact"}
    return {**row, **place, **columns}


def at(offering_name: str, site_name: str, **columns: Any) -> Row:
    pair = {"offering_id": key("offering", offering_name), "site_id": key("site", site_name)}
    return part("offering_site", offering_name, site_name, **pair, **columns)


def tagged(offering_name: str, code: str) -> Row:
    pair = {"offering_id": key("offering", offering_name), "term_id": key("term", code)}
    return part("offering_term", offering_name, code, **pair)


def settle(connection: Connection) -> None:
    """Everything once, and of what imports bring a few."""
    for model, rows in _village():
        upsert(connection, model, rows)


def _village() -> Iterable[tuple[Any, list[Row]]]:
    yield models.Source, [source("here"), source("elsewhere")]
    yield models.Codelist, [{"id": key("codelist"), "name": "category", "title": "Kategorien"}]
    yield models.CodelistTerm, [_term(code) for code in "abcd"]
    yield models.District, [district("county"), *(_municipality(n) for n in range(4))]
    yield models.DistrictSuccession, [_succession()]
    yield models.Designation, [_designation()]
    yield models.Organisation, [organisation(name) for name in ("red", "blue", "green")]
    yield models.Site, [site(f"site-{n}", point=(AWKWARD + n, 51.2)) for n in range(4)]
    yield models.Offering, [_offering(n) for n in range(4)]
    yield models.OfferingSite, [at(f"offer-{n}", f"site-{n}", position=n) for n in range(4)]
    yield models.OfferingTerm, [tagged(f"offer-{n}", "abcd"[n]) for n in range(4)]
    yield models.OfferingServiceDistrict, [_serves()]
    yield models.Evaluation, [_evaluation()]
    yield models.Indicator, [_indicator("people"), _indicator("children")]
    yield models.IndicatorTerm, [_theme()]
    yield models.Observation, [observation("people", n, 100.5 + n) for n in range(4)]
    yield from _plans()


def _term(code: str) -> Row:
    return {"id": key("term", code), "codelist_id": key("codelist"), "code": code, "label": code}


def district(name: str, /, **columns: Any) -> Row:
    keys = {"level": "municipality", "scheme": None, "key": None, "parent_id": None}
    shape = {"boundary": square(AWKWARD, 51.1), "boundary_quality": "official"}
    return entity("district", name, name=name, **keys | shape | columns)


def _municipality(number: int) -> Row:
    place = {"scheme": "ags", "key": f"0{number}", "parent_id": key("district", "county")}
    return district(f"town-{number}", **place, boundary=square(AWKWARD + number, 51.1))


def _succession() -> Row:
    pair = {"predecessor_id": key("district", "town-0"), "successor_id": key("district", "town-1")}
    return part("succession", **pair, valid_on="2023-01-01", source_id=HERE)


def _designation() -> Row:
    what = {"district_id": key("district", "town-1"), "term_id": key("term", "a")}
    return part("designation", **what, valid_from="2020-01-01", source_id=HERE)


def _offering(number: int) -> Row:
    return offering(
        f"offer-{number}",
        organisation_id=key("organisation", ("red", "blue")[number % 2]),
        service_area=square(AWKWARD, 51.0 + number / 3),
        translations={"en": {"name": f"Offer {number}"}},
    )


def _serves() -> Row:
    pair = {"offering_id": key("offering", "offer-0"), "district_id": key("district", "town-0")}
    return part("serves", **pair)


def _evaluation() -> Row:
    about = {"offering_id": key("offering", "offer-0"), "finding": "Wirkt", "source_id": HERE}
    return part("evaluation", **about)


def _indicator(name: str) -> Row:
    how = {"unit": "1", "type": "count", "aggregation": "sum"}
    return entity("indicator", name, title=name, **how)


def _theme() -> Row:
    return part("theme", indicator_id=key("indicator", "people"), term_id=key("term", "d"))


def observation(indicator: str, town: int, value: float | None) -> Row:
    cell = {
        "indicator_id": key("indicator", indicator),
        "district_id": key("district", f"town-{town}"),
    }
    what = {"period": "2022", "value": value, "status": "published", "source_id": HERE}
    return part("observation", indicator, town, **cell, **what)


def _plans() -> Iterable[tuple[Any, list[Row]]]:
    plan, topic = key("strategy", "plan"), key("topic")
    step = {"measure_id": key("measure", "step-0")}
    yield models.Strategy, [entity("strategy", "plan", title="Plan")]
    yield models.StrategyTerm, [part("plan term", strategy_id=plan, term_id=key("term", "a"))]
    goal = {"strategy_id": plan, "kind": "goal", "title": "Ziel"}
    yield models.StrategyTopic, [part("topic", **goal)]
    yield models.TopicTerm, [part("topic term", topic_id=topic, term_id=key("term", "b"))]
    total = {"strategy_id": plan, "value": 2, "statement": "Zwei", "source_id": HERE}
    yield models.StatedTotal, [part("total", **total)]
    yield models.Measure, [_measure(number) for number in range(2)]
    yield models.MeasureTerm, [part("measure term", **step, term_id=key("term", "c"))]
    yield models.MeasureTopic, [part("measure topic", **step, topic_id=topic)]
    yield models.MeasureDistrict, [part("in", **step, district_id=key("district", "town-0"))]
    yield models.MeasureOffering, [part("by", **step, offering_id=key("offering", "offer-0"))]
    judged = {"indicator_id": key("indicator", "people")}
    yield models.MeasureIndicator, [part("judged", **step, **judged)]
    said = {"kind": "statement", "text": "Ja", "source_id": HERE}
    yield models.Statement, [part("statement", **step, **said)]
    dated = {"strategy_id": plan, "title": "Titel", "source_id": HERE}
    yield models.Milestone, [part("milestone", **step, **dated)]
    yield models.Consultation, [part("consultation", **dated)]
    yield models.Report, [part("report", **dated, state="announced")]
    vote = {"title": "Beschluss", "result": "adopted", "measure_id": key("measure", "step-0")}
    yield models.Decision, [entity("decision", "vote", **vote)]


def _measure(number: int) -> Row:
    plan = {"strategy_id": key("strategy", "plan"), "decision": "adopted"}
    return entity("measure", f"step-{number}", title=f"Schritt {number}", **plan)


# --- looking at it -------------------------------------------------------------------------------


def tables() -> list[Table]:
    """Those whose changes are recorded."""
    everything = models.Base.metadata.sorted_tables
    return [one for one in everything if "id" in one.c and isinstance(one.c.id.type, Uuid)]


State = dict[tuple[str, UUID], str]


def contents(connection: Connection) -> State:
    """Every row of every recorded table, as PostgreSQL writes it: EWKB and all."""
    return {
        (table.name, identity): row
        for table in tables()
        for identity, row in connection.execute(
            text(f"SELECT t.id, t::text FROM registry.{table.name} t")
        )
    }


def ids(connection: Connection, model: type[models.Base]) -> set[UUID]:
    return set(connection.scalars(select(model.__table__.c.id)))


def public(connection: Connection) -> dict[str, list[str]]:
    """Every row that readers see, but for when and by which publication it came, and its number
    in the lists of HSDS."""
    names = connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'published' ORDER BY 1")
    ).all()
    return {
        name: sorted(connection.scalars(text(_PUBLIC.format(name=name))))
        for name in names
        if name not in ("state", "change", "restoration", "dataset", "hsds_vacancy")
    }


_PUBLIC = """
SELECT regexp_replace((to_jsonb(t) - '{{updated_at,number}}'::text[])::text,
                      'updated_at\\\\": *\\\\"[^"]+"|,[0-9-]{{10}}T[0-9:]{{8}}Z(?=")', '', 'g')
FROM published.{name} t
"""
