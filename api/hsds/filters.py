"""From the parameters of /hsds to conditions. What they name is looked up, and must exist."""

from typing import NamedTuple
from uuid import UUID

from api.common_parameters import Reference
from api.dependencies import Service
from api.errors import InvalidParameter
from api.hsds.parameters import (
    Classified,
    HsdsParameters,
    OrganizationParameters,
    ServiceAtLocationParameters,
    ServiceParameters,
    TermParameters,
)
from api.opening import this_minute
from db import conditions as c
from db import hsds_conditions as h
from db import queries
from db.conditions import Builder, Condition, where


class Classifier(NamedTuple):
    """How to ask for terms of a vocabulary: for any, for one of these; and in which column."""

    any_term: Builder
    these_terms: Builder
    column: str


_OF_SERVICES = {
    "category": Classifier(h.has_terms, c.any_of, "category"),
    "theme": Classifier(h.has_terms, c.any_of, "theme"),
    "target_group": Classifier(h.has_terms, c.any_of, "target_group"),
    "organisation_mode": Classifier(h.is_stated, c.one_of, "organisation_mode"),
}
_OF_ORGANIZATIONS = {
    "category": Classifier(h.provides_terms, h.provides_any_of, "category"),
    "theme": Classifier(h.provides_terms, h.provides_any_of, "theme"),
    "target_group": Classifier(h.provides_terms, h.provides_any_of, "target_group"),
    "organisation_mode": Classifier(h.provides_stated, h.provides_one_of, "organisation_mode"),
    "organisation_kind": Classifier(h.is_stated, c.one_of, "kind"),
}
"""An organization has the terms of what it provides, and its own kind."""


async def of_all(_known: Service, parameters: HsdsParameters) -> list[Condition]:
    found = []
    if parameters.search:
        found.append(where(c.matches_text, (), parameters.search))
    if parameters.modified_after:
        found.append(where(c.at_least, "updated_at", parameters.modified_after))
    return found


async def of_terms(known: Service, parameters: TermParameters) -> list[Condition]:
    found = await of_all(known, parameters)
    if parameters.taxonomy_id:
        await _taxonomy(known, parameters.taxonomy_id)
        found.append(where(c.equals, "taxonomy_id", parameters.taxonomy_id))
    if parameters.parent_id:
        await _term(known, "parent_id", parameters.parent_id)
        found.append(where(c.equals, "parent_id", parameters.parent_id))
    if parameters.top_only:
        found.append(where(h.is_unstated, "parent_id"))
    return found


async def of_organizations(known: Service, parameters: OrganizationParameters) -> list[Condition]:
    return [
        *await of_all(known, parameters),
        *await _classified(known, parameters, _OF_ORGANIZATIONS),
    ]


async def of_services(known: Service, parameters: ServiceParameters) -> list[Condition]:
    return [
        *await _of_provision(known, parameters),
        *await _placed(known, parameters, h.has_site_near),
        *_scheduled(parameters, h.is_scheduled),
        *await _open(known, parameters),
    ]


async def of_places(known: Service, parameters: ServiceAtLocationParameters) -> list[Condition]:
    return [
        *await _of_provision(known, parameters),
        *await _placed(known, parameters, h.is_near),
        *_scheduled(parameters, h.is_scheduled_here),
        *await _open(known, parameters),
    ]


async def _of_provision(known: Service, parameters: ServiceAtLocationParameters) -> list[Condition]:
    found = [
        *await of_all(known, parameters),
        *await _classified(known, parameters, _OF_SERVICES),
    ]
    if parameters.organization_id:
        name = str(parameters.organization_id)
        await known.require_known([Reference("organization_id", "organisation", name)])
        found.append(where(c.equals, "organisation_id", parameters.organization_id))
    if parameters.minimum_age is not None:
        found.append(where(h.from_age, (), parameters.minimum_age))
    if parameters.maximum_age is not None:
        found.append(where(h.to_age, (), parameters.maximum_age))
    return found


async def _classified(
    known: Service, parameters: Classified, classifiers: dict[str, Classifier]
) -> list[Condition]:
    found = []
    if parameters.taxonomy_id:
        name = await _taxonomy(known, parameters.taxonomy_id)
        ask = classifiers.get(name)
        found.append(where(ask.any_term, ask.column) if ask else where(h.nothing))
    if parameters.taxonomy_term_id:
        name, code = await _term(known, "taxonomy_term_id", parameters.taxonomy_term_id)
        ask = classifiers.get(name)
        found.append(where(ask.these_terms, ask.column, [code]) if ask else where(h.nothing))
    return found


async def _taxonomy(known: Service, id_: UUID) -> str:
    name = await queries.hsds_taxonomy(known.pool, id_)
    if name is None:
        raise InvalidParameter.named("taxonomy_id", f"there is no taxonomy {id_}")
    return name


async def _term(known: Service, parameter: str, id_: UUID) -> tuple[str, str]:
    found = await queries.hsds_term(known.pool, id_)
    if found is None:
        raise InvalidParameter.named(parameter, f"there is no taxonomy term {id_}")
    return found


async def _placed(
    known: Service, parameters: ServiceAtLocationParameters, near: Builder
) -> list[Condition]:
    """Around the place of a postcode, or for people there."""
    postcode, radius = parameters.postcode, parameters.proximity
    if postcode is None:
        return []
    place = await _place(known, postcode)
    if radius is None:
        if place is None:
            return [where(h.in_postcode, "postcode", postcode)]
        return [where(h.serves_postcode, "postcode", *place, postcode)]
    if radius > known.limits.max_radius:
        detail = f"must be at most {known.limits.max_radius:g} metres"
        raise InvalidParameter.named("proximity", detail)
    if place is None:
        detail = f"nobody knows where {postcode} is: no site with it has coordinates"
        raise InvalidParameter.named("postcode", detail)
    return [where(near, (), *place, radius), where(h.may_serve_point, (), *place)]


async def _place(known: Service, postcode: str) -> tuple[float, float] | None:
    """Where the sites of a postcode are; None if nobody knows."""
    found = await queries.postcode_place(known.pool, postcode)
    if found is None:
        raise InvalidParameter.named("postcode", f"no published site has the postcode {postcode}")
    return found.centre


def _scheduled(parameters: ServiceAtLocationParameters, scheduled: Builder) -> list[Condition]:
    times = [
        moment.isoformat("minutes") if moment else ""
        for moment in (parameters.start_time, parameters.end_time)
    ]
    asked = (*times, parameters.day or "")
    return [where(scheduled, (), *asked)] if any(asked) else []


async def _open(known: Service, parameters: ServiceAtLocationParameters) -> list[Condition]:
    moment = parameters.opening
    if moment is None:
        return []
    at = this_minute() if moment == "now" else moment
    return [(await known.opening.at(at, await known.current_state())).plain]
