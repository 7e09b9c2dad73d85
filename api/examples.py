"""Examples of the contract: real values of the demonstration set. Tests call every one of them."""

from typing import Any

from sqlalchemy import Table

from api import cursors
from db.statements import Order

COMMON: dict[str, Any] = {
    "format": "json",
    "lang": "en",
    "limit": 10,
    "count": "none",
    "updated_since": "2024-05-07T16:00:00Z",
    "simplify": "200",
}

PARAMETERS: dict[str, dict[str, Any]] = {
    "operations": {},
    "bulk": {},
    "publishers": {"format": "ttl"},
    "catalogue": {
        "format": "html",
        "theme": "SOCI",
        "file_type": "CSV",
        "page": "1",
        "sequence": 1,
    },
    "offerings": {
        "fields": ["name", "organisation", "sites"],
        "id": ["erziehungsberatungsstelle-freiberg", "schuldnerberatung-doebeln"],
        "sort": "name",
        "facets": ["category", "district"],
        "q": "beratung",
        "theme": ["family"],
        "target_group": ["parents"],
        "district": ["freiberg"],
        "category": ["advice"],
        "organisation": ["landratsamt-mittelsachsen"],
        "postcode": ["09599"],
        "organisation_mode": ["mobile"],
        "language": ["en"],
        "wheelchair": ["yes", "limited"],
        "age": 17,
        "free": True,
        "confirmed_since": "2024-01-01",
        "stale": True,
        "include_ended": True,
        "open_at": "2026-12-22T10:00",
        "open_now": False,
        "at": "2026-12-22T10:00",
        "days": 7,
        "bbox": [12.6, 50.5, 13.7, 51.4],
        "near": [13.34, 50.91],
        "radius": 5000,
        "within": "POLYGON((12.6 50.5, 13.7 50.5, 13.7 51.4, 12.6 51.4, 12.6 50.5))",
        "serves": [13.34, 50.91],
        "serves_district": ["landkreis-mittelsachsen"],
    },
    "districts": {
        "fields": ["name", "population"],
        "id": ["freiberg", "ags:14522180"],
        "sort": "name",
        "facets": ["level"],
        "q": "freiberg",
        "level": ["municipality"],
        "parent": ["landkreis-mittelsachsen"],
        "valid_on": "2022-12-31",
        "designation": ["besonderer_entwicklungsbedarf"],
        "contains": [13.34, 50.91],
        "bbox": [12.6, 50.5, 13.7, 51.4],
    },
    "organisations": {
        "fields": ["name", "kind"],
        "id": ["landratsamt-mittelsachsen"],
        "sort": "name",
        "facets": ["kind"],
        "q": "landratsamt",
        "kind": ["authority"],
        "postcode": ["09599"],
    },
    "indicators": {
        "fields": ["title", "unit", "periods"],
        "id": ["population"],
        "sort": "name",
        "facets": ["theme", "type"],
        "q": "population",
        "theme": ["demography"],
        "level": ["municipality"],
        "type": ["count"],
        "breakdown": ["sex"],
        "headline": True,
    },
    "observations": {
        "fields": ["district", "period", "value"],
        "id": ["94ff93d2-48e2-51e7-8eda-dcf2db429c60"],
        "sort": "name",
        "facets": ["level", "status"],
        "indicator": ["population"],
        "district": ["landkreis-mittelsachsen"],
        "district_scope": "descendants",
        "level": ["municipality"],
        "parent": ["landkreis-mittelsachsen"],
        "time": "2019..2022",
        "breakdown": ["total"],
        "boundary": "2023",
        "include": ["interval"],
        "status": ["final"],
        "layout": "long",
    },
    "strategies": {
        "fields": ["title", "registered_measures"],
        "id": ["buendnis-gegen-armut-wuppertal"],
        "sort": "name",
        "facets": ["kind", "theme"],
        "q": "armut",
        "theme": ["poverty"],
        "target_group": ["older_people"],
        "kind": ["alliance"],
    },
    "measures": {
        "fields": ["title", "implementation"],
        "id": ["uebersichts-webseite-wuppertal"],
        "sort": "name",
        "facets": ["implementation", "strategy"],
        "q": "webseite",
        "theme": ["poverty"],
        "target_group": ["older_people"],
        "district": ["wuppertal"],
        "strategy": ["buendnis-gegen-armut-wuppertal"],
        "decision": ["recommended"],
        "feasibility": ["not_assessed"],
        "implementation": ["in_progress", "planned"],
        "lead": ["jobcenter-wuppertal"],
        "from": "2024-01-01",
        "to": "2025-12-31",
    },
    "decisions": {
        "fields": ["title", "result", "votes"],
        "id": ["ausschuss-fuer-soziales-luebeck-vo-2024-12903-01"],
        "sort": "-date",
        "facets": ["result"],
        "q": "seniorenpolitische",
        "body": ["ausschuss-fuer-soziales-luebeck"],
        "result": ["rejected"],
        "strategy": ["seniorenpolitische-strategie-mittelsachsen"],
    },
    "codelists": {
        "fields": ["title", "terms"],
        "id": ["theme", "category"],
        "sort": "name",
    },
    "changes": {"since": "0", "resource": ["offerings"], "include": "document"},
    "places": {"q": "frei", "limit": 5},
    "hsds": {
        "search": "beratung",
        "page": 1,
        "per_page": 20,
        "modified_after": "2024-05-07T16:00:00Z",
        "taxonomy_id": "5d25674d-945a-5bc9-91c0-5ffe6f912db2",
        "taxonomy_term_id": "f5acfd6c-6f1c-5377-a3a9-9d33b4eebd20",
        "parent_id": "f5acfd6c-6f1c-5377-a3a9-9d33b4eebd20",
        "top_only": True,
        "organization_id": "e66fba08-db2d-5948-a84d-c833259e5ef1",
        "full": True,
        "full_service": True,
        "minimal": False,
        "postcode": "09599",
        "proximity": 5000,
        "minimum_age": 6,
        "maximum_age": 18,
        "start_time": "08:00",
        "end_time": "18:00",
        "day": "MO",
        "open_at": "2026-12-22T10:00",
        "open_now": False,
    },
    "px": {
        "query": "population",
        "pastDays": 36500,
        "includeDiscontinued": True,
        "pageNumber": 1,
        "pageSize": 20,
        "defaultSelection": True,
        "valueCodes": {"Region": "*", "Time": "top(2)"},
        "codelist": {"Region": "vs_municipality_population"},
        "outputValues": {"Region": "single"},
        "outputFormat": "csv",
        "outputFormatParams": ["UseCodes", "SeparatorSemicolon"],
        "heading": ["Time"],
        "stub": ["Region"],
    },
    "analyses": {
        "level": "social_region",
        "of": "municipality",
        "boundary": "2023",
        "parent": "landkreis-mittelsachsen",
        "time": "2021",
        "breakdown": ["sex:f"],
        "order": "asc",
        "headline": True,
        "method": "jenks",
        "classes": 5,
        "scheme": "YlGnBu",
        "scope": "series",
        "district": ["freiberg", "doebeln"],
        "with": ["parent", "mean"],
        "from": "2021",
        "to": "2022",
    },
    "gaps": {
        "category": ["advice"],
        "target_group": ["families"],
        "theme": ["family"],
        "parent": "landkreis-mittelsachsen",
        "district": ["freiberg", "doebeln"],
        "population": "population",
        "breakdown": ["age_group:0-4", "age_group:5-14"],
        "level": "county",
        "time": "latest",
        "boundary": "2023",
        "count": "offerings",
        "unit": "Plätze",
        "per": 1000,
        "min": 0.1,
        "order": "need",
        "distance_m": 3000,
    },
}
"""By resource, then by parameter."""

NAMES = {
    "get_offering": "erziehungsberatungsstelle-freiberg",
    "get_offering_opening": "erziehungsberatungsstelle-freiberg",
    "get_district": "ags:14522180",
    "get_organisation": "landratsamt-mittelsachsen",
    "get_indicator": "population",
    "get_observation": "94ff93d2-48e2-51e7-8eda-dcf2db429c60",
    "list_indicator_observations": "population",
    "availability_of_indicator": "population",
    "ranking_of_indicator": "population",
    "map_of_indicator": "population",
    "compare_of_indicator": "population",
    "trend_of_indicator": "population",
    "aggregation_of_indicator": "population",
    "profile_of_district": "freiberg",
    "get_strategy": "buendnis-gegen-armut-wuppertal",
    "get_measure": "uebersichts-webseite-wuppertal",
    "get_decision": "ausschuss-fuer-soziales-luebeck-vo-2024-12903-01",
    "get_codelist": "category",
    "bulk_file": "offerings.csv",
    "get_dataset": "offerings",
    "get_publisher": "operator",
    "get_contact": "operator",
    "get_hsds_service": "1ce3e844-12d9-5d00-8782-2d0efaf92c5b",
    "get_hsds_organization": "e66fba08-db2d-5948-a84d-c833259e5ef1",
    "get_hsds_service_at_location": "95ee7841-e145-3ca4-8ae8-c1c5b2ae2a92",
    "get_hsds_taxonomy": "5d25674d-945a-5bc9-91c0-5ffe6f912db2",
    "get_hsds_taxonomy_term": "f5acfd6c-6f1c-5377-a3a9-9d33b4eebd20",
    "get_px_table": "population",
    "get_px_metadata": "population",
    "get_px_default_selection": "population",
    "get_px_data": "population",
    "get_px_data_by_post": "population",
    "get_px_codelist": "vs_municipality_population",
}
"""By operation: the entity in its path."""

ADDRESSES: dict[str, dict[str, str]] = {
    "landing_page": {"/": "Where everything is"},
    "api_catalog": {"/.well-known/api-catalog": "Where each API begins, and its contract"},
    "health_live": {"/health/live": "Is it alive?"},
    "health_ready": {"/health/ready": "Is it ready?"},
    "list_changes": {
        "/v1/changes?resource=offerings&include=document&limit=10": "A first copy of the "
        "offerings; go on with `next`",
        "/v1/changes?since=0": "Everything from the beginning",
    },
    "list_datasets": {
        "/catalog.ttl": "For a portal, in pages",
        "/catalog.rdf": "For one that turns no pages",
    },
    "get_dataset": {
        "/catalog/datasets/offerings.jsonld": "The offerings",
        "/catalog/datasets/indicators-demography.ttl": "Indicators of a theme",
    },
    "get_publisher": {"/catalog/publishers/operator.ttl": "As Turtle"},
    "get_contact": {"/catalog/contacts/operator.ttl": "As Turtle"},
    "bulk_index": {"/bulk": "What there is"},
    "bulk_file": {
        "/bulk/offerings.csv": "All offerings",
        "/bulk/districts.gpkg": "All districts, for QGIS",
        "/bulk/datapackage.json": "What is in the files",
        "/bulk/SHA256SUMS": "Their checksums",
    },
    "complete_places": {"/v1/places?q=frei": "What begins with *frei*"},
    "list_offerings": {
        "/v1/offerings?district=freiberg&category=advice": "Advice in Freiberg",
        "/v1/offerings?q=beratung&facets=category,district": "Found by a word, counted by "
        "category and district",
        "/v1/offerings.geojson?bbox=12.6,50.5,13.7,51.4": "For a map",
        "/v1/offerings.csv?target_group=families": "For a spreadsheet",
    },
    "get_offering_opening": {
        "/v1/offerings/erziehungsberatungsstelle-freiberg/opening?at=2026-12-22T10:00": "Around "
        "Christmas",
    },
    "get_offering": {
        "/v1/offerings/erziehungsberatungsstelle-freiberg": "By slug",
        "/v1/offerings/erziehungsberatungsstelle-freiberg?lang=en&fields=name,sites": "Some "
        "members, with labels in English",
    },
    "list_districts": {
        "/v1/districts?contains=13.34,50.91&fields=name,level": "What is around a point",
        "/v1/districts.geojson?parent=landkreis-mittelsachsen&simplify=200": "The parts of a "
        "county, for a map",
        "/v1/districts?level=municipality&sort=-population&limit=10": "The ten largest "
        "municipalities",
    },
    "get_district": {
        "/v1/districts/ags:14522180": "By official key",
        "/v1/districts/freiberg.geojson?simplify=1000": "With a simplified boundary",
    },
    "list_organisations": {"/v1/organisations?kind=authority": "Authorities"},
    "get_organisation": {"/v1/organisations/landratsamt-mittelsachsen": "By slug"},
    "list_indicators": {"/v1/indicators?theme=demography": "Everything about population"},
    "get_indicator": {"/v1/indicators/population": "By slug"},
    "list_observations": {
        "/v1/observations?indicator=population&district=landkreis-mittelsachsen"
        "&district_scope=descendants&time=2021": "Population of all parts of a county in 2021",
        "/v1/observations.csv?indicator=population&layout=wide": "A column a year, for a "
        "spreadsheet",
        "/v1/observations.geojson?indicator=population&time=latest&level=municipality": "The "
        "latest values joined to boundaries, for a map",
    },
    "get_observation": {
        "/v1/observations/94ff93d2-48e2-51e7-8eda-dcf2db429c60": "By id",
    },
    "list_indicator_observations": {
        "/v1/indicators/population/observations?district=landkreis-mittelsachsen": "A time series",
    },
    "availability_of_indicator": {
        "/v1/indicators/population/availability": "For which levels and periods there are values",
    },
    "ranking_of_indicator": {
        "/v1/indicators/population/ranking?level=municipality&parent=landkreis-mittelsachsen": "The"
        " municipalities of a county, the largest first",
        "/v1/indicators/population/ranking.csv?time=2021&order=asc": "A table for a spreadsheet",
    },
    "map_of_indicator": {
        "/v1/indicators/population/map?parent=landkreis-mittelsachsen&simplify=200": "GeoJSON with "
        "a colour for each district",
        "/v1/indicators/population/map.json?method=jenks&classes=4&scope=series": "Classes that "
        "hold for all periods, without boundaries",
    },
    "compare_of_indicator": {
        "/v1/indicators/population/compare?district=freiberg&time=2021&with=parent,mean": "Beside "
        "its social region and the mean of all municipalities",
    },
    "trend_of_indicator": {
        "/v1/indicators/population/trend?from=2021&to=2022&parent=landkreis-mittelsachsen": "From "
        "one year to another",
    },
    "aggregation_of_indicator": {
        "/v1/indicators/population/aggregation?level=social_region&time=2021": "What the "
        "municipalities of each social region make, and what its source states",
    },
    "profile_of_district": {"/v1/districts/freiberg/profile": "All that is observed of a district"},
    "offerings_gaps": {
        "/v1/gaps/offerings?category=advice&parent=landkreis-mittelsachsen&min=0.1": "Advice for a "
        "thousand people in every municipality of a county, and where it is too little",
        "/v1/gaps/offerings?target_group=families&breakdown=age_group:0-4"
        "&breakdown=age_group:5-14": "For those below 15",
        "/v1/gaps/offerings?time=2022&boundary=2023": "For the people of 2022, in the districts of "
        "2023",
        "/v1/gaps/offerings.csv?level=social_region": "A table of social regions",
        "/v1/gaps/offerings.geojson?category=advice&simplify=200": "For a map",
    },
    "coverage_gaps": {
        "/v1/gaps/coverage?category=advice&parent=landkreis-mittelsachsen": "The nearest advice of "
        "every municipality of a county",
    },
    "list_strategies": {"/v1/strategies?theme=poverty": "About poverty"},
    "get_strategy": {"/v1/strategies/buendnis-gegen-armut-wuppertal": "By slug"},
    "list_measures": {
        "/v1/measures?strategy=buendnis-gegen-armut-wuppertal&facets=implementation": "How far "
        "the measures of a strategy are",
    },
    "get_measure": {"/v1/measures/uebersichts-webseite-wuppertal": "By slug"},
    "list_decisions": {"/v1/decisions?result=rejected": "What was rejected"},
    "get_decision": {
        "/v1/decisions/ausschuss-fuer-soziales-luebeck-vo-2024-12903-01": "By slug, with votes",
    },
    "list_codelists": {"/v1/codelists?fields=title": "Their titles"},
    "get_codelist": {"/v1/codelists/category?lang=en": "The categories of offerings in English"},
    "px_config": {"/px/config": "Limits, languages, formats"},
    "list_px_tables": {
        "/px/tables": "All tables",
        "/px/tables?query=population&lang=en": "Found by a word",
    },
    "get_px_table": {"/px/tables/population?lang=en": "In English"},
    "get_px_metadata": {"/px/tables/population/metadata": "Its variables and their values"},
    "get_px_default_selection": {
        "/px/tables/population/defaultselection": "What is worth seeing first"
    },
    "get_px_data": {
        "/px/tables/population/data": "The latest periods of all districts",
        "/px/tables/population/data?valueCodes[Region]=ags:14522*&valueCodes[Time]=top(2)": "Two "
        "periods of a county and its parts",
        "/px/tables/population/data?valueCodes[Region]=*&valueCodes[Time]=from(2021)"
        "&codelist[Region]=vs_municipality_population&outputFormat=csv&heading=Time": "A table of "
        "municipalities with a column a year",
    },
    "get_px_codelist": {"/px/codelists/vs_municipality_population": "The municipalities in it"},
    "hsds_information": {"/hsds": "The version of HSDS"},
    "hsds_profile": {"/hsds/profile": "What is used of it"},
    "list_hsds_services": {
        "/hsds/services?per_page=50": "The first page",
        "/hsds/services?taxonomy_term_id=f5acfd6c-6f1c-5377-a3a9-9d33b4eebd20&full=true": "Advice "
        "of all kinds, with everything that is known",
        "/hsds/services?minimal=true": "What has changed, all on one page",
        "/hsds/services?format=ndjson": "Everything, a line a service",
    },
    "get_hsds_service": {
        "/hsds/services/1ce3e844-12d9-5d00-8782-2d0efaf92c5b": "With its places and attributes",
    },
    "list_hsds_organizations": {"/hsds/organizations?search=landratsamt": "By name"},
    "get_hsds_organization": {
        "/hsds/organizations/46698c30-c2fd-5b41-9a80-5b1bb1eaaf22?full_service=true": "With its "
        "services",
    },
    "list_hsds_service_at_locations": {
        "/hsds/service_at_locations?postcode=09599": "For people in a postcode",
    },
    "get_hsds_service_at_location": {
        "/hsds/service_at_locations/95ee7841-e145-3ca4-8ae8-c1c5b2ae2a92": "With its schedules",
    },
    "list_hsds_taxonomies": {"/hsds/taxonomies": "The vocabularies"},
    "get_hsds_taxonomy": {
        "/hsds/taxonomies/5d25674d-945a-5bc9-91c0-5ffe6f912db2": "The categories of services",
    },
    "list_hsds_taxonomy_terms": {
        "/hsds/taxonomy_terms?taxonomy_id=5d25674d-945a-5bc9-91c0-5ffe6f912db2"
        "&top_only=true": "The broadest categories",
    },
    "get_hsds_taxonomy_term": {
        "/hsds/taxonomy_terms/f5acfd6c-6f1c-5377-a3a9-9d33b4eebd20": "With its vocabulary",
    },
}
"""By operation: whole addresses, each with what it answers. All of them find something."""

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "polygon": (
        "Everything within a polygon",
        {
            "within": {
                "type": "Polygon",
                "coordinates": [
                    [[12.6, 50.5], [13.7, 50.5], [13.7, 51.4], [12.6, 51.4], [12.6, 50.5]]
                ],
            },
            "limit": 10,
        },
    ),
    "filters": (
        "Filters as in the address, lists as arrays",
        {
            "category": ["advice"],
            "district": ["freiberg", "mittweida"],
            "fields": ["name", "sites"],
            "facets": ["theme"],
            "sort": "-updated_at",
        },
    ),
}
"""Bodies of the search for offerings, by name: what it asks, and the body."""


def cursor(table: Table, sort: str) -> str:
    """A cursor near the beginning of the list, after whatever would sort before these keys."""
    order = Order(sort.removeprefix("-"), sort.startswith("-"))
    keys = b'["2025","A","%s"]' if order.name == "date" else b'["A","%s"]'
    return cursors.encode(table, order, keys % b"00000000-0000-0000-0000-000000000000", 1)
