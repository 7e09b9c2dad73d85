"""When an offering is open: its state, when that changes, and the days to come, site by site."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import contract, links, lists, responses
from api.dependencies import service
from api.errors import Unavailable
from api.formats import FORMATS
from api.negotiation import choose_format, choose_language
from api.opening import this_minute
from api.parameters import OpeningParameters
from api.resources import OFFERINGS
from api.responses import Version
from api.routing import ModelRoute
from api.schemas.opening import OpeningTimes
from db.opening import queries as opening_queries
from db.opening.calendars import KINDS, Calendar
from db.opening.hours import kinds_of_holidays
from db.opening.queries import OfOffering
from db.opening.times import Place, next_change, spans, state_at


def router() -> APIRouter:
    routes = APIRouter(prefix="/v1", route_class=ModelRoute, tags=["offerings"])
    routes.add_api_route(
        "/offerings/{name}/opening",
        _opening,
        operation_id="get_offering_opening",
        summary="Opening times of an offering",
        response_model=OpeningTimes,
        responses=contract.problem_responses(400, 404, 406, 410, 414, 503),
    )
    return routes


async def _opening(
    request: Request, name: contract.Name, parameters: Annotated[OpeningParameters, Query()]
) -> Response:
    """The state of each site, when that changes next, and when it is open in the days to come, by
    the opening_hours string with the holidays of its state. What depends on something that is not
    known, such as school holidays of a later year, is `unknown`."""
    choose_format(request, None, ("json",))
    known = service(request)
    languages = await known.languages()
    lang = choose_language(request, parameters.lang, languages)
    now = this_minute()
    found = await opening_queries.of_offering(known.pool, name, lang)
    if found is None:
        await lists.require(request, OFFERINGS, name)
        raise Unavailable(lists.BETWEEN)
    minute = "" if parameters.at else now.isoformat()
    version = Version(found.state, FORMATS["json"], lang, minute)
    if unchanged := responses.not_modified(request, version):
        return unchanged
    calendar = await known.opening.calendar(found.state)
    at = parameters.at or now
    sites = await asyncio.to_thread(_sites, found, calendar, at, timedelta(days=parameters.days))
    here = links.link("self", str(links.address(request)), version.format.media_type)
    named = {name: found.document[name] for name in ("id", "slug", "name")}
    document = named | {"sites": sites, "sequence": found.state.sequence, "links": [here]}
    return responses.item(request, version, responses.json_of(document))


def _sites(
    found: OfOffering, calendar: Calendar, at: datetime, ahead: timedelta
) -> list[dict[str, Any]]:
    return [
        _site(site, _place(site, found.regions), calendar, at, ahead)
        for site in found.document["sites"]
        if site["opening_hours"]
    ]


def _place(site: dict[str, Any], regions: dict[str, list[str]]) -> Place:
    """Where the sun is that of the site, if its point is known; its region, if that is one."""
    precise = site["precision"] and site["precision"]["code"] != "municipality"
    point = (site["latitude"], site["longitude"]) if precise and site["latitude"] else None
    named = regions.get(site["opening_hours"], [])
    return Place(named[0] if len(named) == 1 else "", point)


def _site(
    site: dict[str, Any], place: Place, calendar: Calendar, at: datetime, ahead: timedelta
) -> dict[str, Any]:
    hours = site["opening_hours"]
    begins = at.astimezone(place.zone) if at.tzinfo else at.replace(tzinfo=place.zone)
    now = state_at(hours, place, calendar, begins)
    change = next_change(hours, place, calendar, begins)
    return {
        **{name: site[name] for name in ("id", "name", "opening_hours", "opening_note")},
        "region": place.region or None,
        "timezone": place.zone.key,
        "at": begins.isoformat(),
        "state": now.state,
        "comment": now.comment or None,
        "next_change": change.isoformat() if change else None,
        "spans": [
            {
                "begins": span.begins.isoformat(),
                "ends": span.ends.isoformat(),
                "state": span.state,
                "comment": span.comment or None,
            }
            for span in spans(hours, place, calendar, begins, begins + ahead)
            if span.state != "closed"
        ],
        "holidays": list(_holidays(hours, place, calendar, begins, begins + ahead)),
    }


def _holidays(
    hours: str, place: Place, calendar: Calendar, begins: datetime, ends: datetime
) -> Iterator[dict[str, Any]]:
    """All that are known, and the possible ones that a rule asks for."""
    first, last = begins.date(), (ends - timedelta(microseconds=1)).date()
    for kind in KINDS:
        certain = calendar.certain(kind, place.region, first, last)
        possible = calendar.possible(kind, place.region, first, last)
        asked = possible if kind in kinds_of_holidays(hours) else {}
        for day, name in sorted({**asked, **certain}.items()):
            shown = {"date": day.isoformat(), "name": name or None, "kind": kind}
            yield shown | {"certain": day in certain}
