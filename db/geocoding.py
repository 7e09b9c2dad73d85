"""House coordinates in the registry, and finding the points of addresses in them.

Everything is set-based: a file's houses arrive by COPY, addresses are looked up all at once. What
is compared was made comparable before (`seed/addresses.py`); here, equal means equal.

How well a street's place agrees with that of an address is its tier:

4  the postcode, and the town or a part of it
3  the town, where one of the two has no postcode
2  the postcode, where the town of the address is unknown and so contradicts nothing
1  the town, while the postcode is another one

Only the best tier of an address counts, and only one place in it: what lies far apart is ambiguous.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from uuid import UUID

from psycopg import Cursor
from sqlalchemy import Connection, text

SIMILAR = 0.65
"""How similar the name of a street must be to be taken for it (trigrams in common, 0 to 1)."""
DISTINCT = 0.1
"""And how much more similar than the next one."""
WORTH_TELLING = 0.3
"""How similar a name must be to be told to people."""
SAME_PLACE = 150
"""Metres that the buildings of one address may lie apart."""
GAP = 500
"""Metres between neighbours of one street; beyond it, another street of the same name begins."""

BOTH, TOWN, POSTCODE, TOWN_BUT_POSTCODE = 4, 3, 2, 1

# --- houses --------------------------------------------------------------------------------------


class Street(NamedTuple):
    """A street of a file, within one postcode and town; `code` tells it from namesakes."""

    name: str
    street: str
    postcode: str | None
    town: str | None
    towns: tuple[str, ...]
    short_towns: tuple[str, ...]
    parts: tuple[str, ...]
    municipality: str | None
    code: str


class House(NamedTuple):
    """A house number at a place, in the coordinate system of that EPSG code."""

    street: Street
    number: int
    suffix: str
    x: float
    y: float
    srid: int


@dataclass(frozen=True)
class Loaded:
    """What a file brought. Houses that lie `outside` of where it is about were left out."""

    houses: int
    streets: int
    outside: int


def lock_houses(connection: Connection) -> None:
    """Let those who load houses take turns: they count their streets upwards."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('registry.house'))"))


def load_houses(
    connection: Connection,
    source: str,
    houses: Iterable[House],
    within: tuple[float, float, float, float],
) -> Loaded:
    """Make these the houses of a source. Only its streets are kept in memory, not its houses."""
    connection.execute(_FORGET, {"source": source})
    first = connection.execute(_NEXT_STREET).scalar_one()
    streets: dict[Street, int] = {}
    with _cursor(connection) as cursor:
        cursor.execute(_INCOMING_HOUSES)
        with cursor.copy("COPY incoming_house FROM STDIN") as copy:
            for house in houses:
                number = streets.setdefault(house.street, first + len(streets))
                copy.write_row((number, *house[1:]))
        with cursor.copy(_COPY_STREETS) as copy:
            for street, number in streets.items():
                copy.write_row((number, source, *map(_copied, street[:-1])))
    box = dict(zip(("west", "south", "east", "north"), within, strict=True))
    outside = connection.execute(_OUTSIDE, box).scalar_one()
    kept = connection.execute(_KEEP_HOUSES, box).rowcount
    connection.execute(_DROP_INCOMING)
    connection.execute(_FORGET_EMPTY, {"source": source})
    connection.execute(_ANALYZE)
    return Loaded(kept, len(streets), outside)


def sources(connection: Connection) -> list[tuple[str, int]]:
    """The files that houses were loaded from, and the number of their streets."""
    return [(name, count) for name, count in connection.execute(_SOURCES)]


def _copied(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _cursor(connection: Connection) -> Cursor[Any]:
    """The driver's own, which can COPY."""
    return cast("Cursor[Any]", connection.connection.cursor())


_FORGET = text("DELETE FROM registry.house_street WHERE source = :source")
_NEXT_STREET = text("SELECT coalesce(max(id), 0) + 1 FROM registry.house_street")
_SOURCES = text("SELECT source, count(*) FROM registry.house_street GROUP BY source ORDER BY 1")
_DROP_INCOMING = text("DROP TABLE incoming_house")
_ANALYZE = text("ANALYZE registry.house_street, registry.house")

_INCOMING_HOUSES = """
CREATE TEMPORARY TABLE incoming_house (
    street_id integer, number integer, suffix text,
    x double precision, y double precision, srid integer
) ON COMMIT DROP
"""
_COPY_STREETS = """
COPY registry.house_street
    (id, source, name, street, postcode, town, towns, short_towns, parts, municipality)
FROM STDIN
"""

_POINT = "ST_Transform(ST_SetSRID(ST_MakePoint(x, y), srid), 4326)"
_BOX = "ST_MakeEnvelope(:west, :south, :east, :north, 4326)"
_OUTSIDE = text(f"SELECT count(*) FROM incoming_house WHERE NOT {_POINT} && {_BOX}")

# In the order of the primary key, which is several times faster than as they came.
_KEEP_HOUSES = text(f"""
INSERT INTO registry.house (street_id, number, suffix, point)
SELECT DISTINCT street_id, number, suffix, {_POINT} AS point
FROM incoming_house WHERE {_POINT} && {_BOX}
ORDER BY street_id, number, suffix, point
""")
_FORGET_EMPTY = text("""
DELETE FROM registry.house_street AS street
WHERE source = :source AND NOT EXISTS (SELECT FROM registry.house WHERE street_id = street.id)
""")

# --- what addresses are about --------------------------------------------------------------------


@dataclass(frozen=True)
class Addressed:
    """A site or organisation whose address is to be found."""

    entity: str
    id: UUID
    source: str
    key: str | None
    name: str | None
    street: str | None
    postcode: str | None
    town: str | None
    district_id: UUID | None


@dataclass(frozen=True)
class NamedPlace:
    """A municipality, with its official key if it is a German one, or a part of one."""

    name: str
    is_whole: bool
    key: str | None


def addressed(connection: Connection) -> list[Addressed]:
    """Sites without a point or known by municipality only; every organisation with an address.

    What staff corrected is theirs. Organisations have no point of their own to be found.
    """
    return [Addressed(*row) for row in connection.execute(_ADDRESSED)]


def municipalities(connection: Connection) -> list[NamedPlace]:
    return [NamedPlace(*row) for row in connection.execute(_MUNICIPALITIES)]


def stated_places(connection: Connection) -> dict[UUID, list[NamedPlace]]:
    """For every district that an address states: itself, what it is a part of, and what became of
    it, up to the municipality."""
    found: dict[UUID, list[NamedPlace]] = {}
    for district, *place in connection.execute(_STATED):
        found.setdefault(district, []).append(NamedPlace(*place))
    return found


def towns_of_houses(connection: Connection) -> set[str]:
    """The names by which the loaded houses know their towns, long and short."""
    return set(connection.scalars(_TOWNS))


_ADDRESSED = text("""
SELECT 'site', site.id, source.slug, site.external_key,
       coalesce(site.name, (
           SELECT min(offering.name) FROM registry.offering_site AS at
           JOIN registry.offering ON offering.id = at.offering_id WHERE at.site_id = site.id
       )), site.street, site.postcode, site.town, site.district_id
FROM registry.site JOIN registry.source ON source.id = site.source_id
WHERE (site.point IS NULL OR site.precision = 'municipality')
  AND NOT EXISTS (
      SELECT FROM registry.correction
      WHERE entity = 'site' AND entity_id = site.id AND field IN ('point', 'precision')
  )
UNION ALL
SELECT 'organisation', organisation.id, source.slug, external_key, name, street, postcode, town,
       district_id
FROM registry.organisation JOIN registry.source ON source.id = organisation.source_id
WHERE status <> 'archived' AND coalesce(street, postcode) IS NOT NULL
ORDER BY 1 DESC, 3, 4, 2
""")

_MUNICIPALITIES = text("""
SELECT name, true, CASE WHEN scheme = 'ags' THEN key END FROM registry.district
WHERE level = 'municipality'
""")

_STATED = text("""
WITH RECURSIVE place AS (
    SELECT district_id AS stated, district_id AS id FROM registry.site
    WHERE district_id IS NOT NULL
    UNION
    SELECT district_id, district_id FROM registry.organisation WHERE district_id IS NOT NULL
    UNION
    SELECT place.stated, next.id
    FROM place CROSS JOIN LATERAL (
        SELECT parent_id FROM registry.district
        WHERE district.id = place.id AND level <> 'municipality' AND parent_id IS NOT NULL
        UNION ALL
        SELECT successor_id FROM registry.district_succession WHERE predecessor_id = place.id
    ) AS next(id)
)
SELECT stated, name, level = 'municipality',
       CASE WHEN level = 'municipality' AND scheme = 'ags' THEN key END
FROM place JOIN registry.district USING (id)
WHERE level IN ('municipality', 'city_district', 'quarter')
""")

_TOWNS = text("""
SELECT unnest(towns || short_towns) FROM registry.house_street GROUP BY 1
""")

# --- looking them up -----------------------------------------------------------------------------


class Sought(NamedTuple):
    """An address as it is looked up. `known`: its town is one of the registry or of the houses."""

    street: str | None
    number: int | None
    suffix: str
    postcode: str | None
    towns: tuple[str, ...]
    short_towns: tuple[str, ...]
    parts: tuple[str, ...]
    municipalities: tuple[str, ...]
    known: bool


@dataclass(frozen=True)
class Found:
    """What was found of an address. Without `quality` there is no point, and the rest says why.

    `score` is how similar the street's name is, where it is not the same. `apart` are the metres
    between several houses of one address, `streets` how many streets of the name there are.
    `similar` are the names that come nearest, most similar first; None: there is no such town.
    """

    quality: str | None
    tier: int | None
    street: str | None
    number: int | None
    suffix: str | None
    postcode: str | None
    town: str | None
    score: float | None
    lon: float | None
    lat: float | None
    apart: float | None
    streets: int | None
    similar: list[str] | None


def look_up(connection: Connection, addresses: Sequence[Sought]) -> list[Found]:
    """Look every address up, in their order. What was found is kept for `place_sites`."""
    connection.execute(_FORGET_LAST)
    with _cursor(connection) as cursor:
        cursor.execute(_SOUGHT)
        with cursor.copy("COPY sought FROM STDIN") as copy:
            for number, address in enumerate(addresses):
                copy.write_row((number, *map(_copied, address)))
    for statement in _STEPS:
        connection.execute(statement, _LIMITS)
    return [Found(*row) for row in connection.execute(_RESULTS, _LIMITS)]


def place_sites(connection: Connection, sites: Iterable[tuple[UUID, int]]) -> int:
    """Give sites the points found for the addresses of these numbers. Returns how many changed.

    A site that has a better point by now keeps it.
    """
    with _cursor(connection) as cursor:
        cursor.execute(_SEEKING)
        with cursor.copy("COPY seeking FROM STDIN") as copy:
            for row in sites:
                copy.write_row(row)
    return connection.execute(_PLACE).rowcount


_LIMITS = {
    "similar": SIMILAR,
    "distinct": DISTINCT,
    "worth_telling": WORTH_TELLING,
    "same_place": SAME_PLACE,
    "gap": GAP,
}

_FORGET_LAST = text("""
DROP TABLE IF EXISTS pg_temp.sought, pg_temp.found_street, pg_temp.found, pg_temp.similar_street
""")

_SOUGHT = """
CREATE TEMPORARY TABLE sought (
    id integer PRIMARY KEY, street text, number integer, suffix text, postcode text,
    towns text[], short_towns text[], parts text[], municipalities text[], known boolean
) ON COMMIT DROP
"""

# A name with what tells the town from its namesakes, and the same without, are the same town; two
# names that differ in it are not.
_SAME_TOWN = """(
    street.towns && sought.towns OR street.short_towns && sought.towns
    OR street.towns && sought.short_towns OR street.municipality = ANY (sought.municipalities)
)"""
_CONTRADICTS = """(
    sought.known AND cardinality(street.towns) > 0
    OR street.municipality IS NOT NULL AND cardinality(sought.municipalities) > 0
)"""
_TIER = f"""CASE
    WHEN street.postcode = sought.postcode AND ({_SAME_TOWN} OR street.parts && sought.towns)
        THEN {BOTH}
    WHEN {_SAME_TOWN} AND (street.postcode = sought.postcode) IS NULL THEN {TOWN}
    WHEN street.postcode = sought.postcode AND NOT {_CONTRADICTS} THEN {POSTCODE}
    WHEN street.postcode <> sought.postcode AND (
        street.towns && sought.towns OR street.municipality = ANY (sought.municipalities)
    ) THEN {TOWN_BUT_POSTCODE}
END"""
# What most streets fail at first, and what indexes can answer.
_NEAR = f"(street.postcode = sought.postcode OR {_SAME_TOWN})"
# Between houses of one tier: the full name rather than the short one, the part that was named, and
# if none was, the part that is called as the town.
_SHARED = """
    4 * (street.towns && sought.towns)::integer + 2 * (street.parts && sought.parts)::integer
    + (street.parts && sought.towns)::integer
"""

_SAME_STREETS = text(f"""
CREATE TEMPORARY TABLE found_street ON COMMIT DROP AS
SELECT sought_id, street_id, tier, shared, NULL::real AS score
FROM (
    SELECT sought.id AS sought_id, street.id AS street_id, tier, shared,
           max(tier) OVER (PARTITION BY sought.id) AS best
    FROM sought JOIN registry.house_street AS street ON street.street = sought.street
    CROSS JOIN LATERAL (SELECT {_TIER} AS tier, {_SHARED} AS shared) AS agreement
    WHERE {_NEAR} AND tier IS NOT NULL
) AS agreeing
WHERE tier = best
""")

_FOUND = text("""
CREATE TEMPORARY TABLE found (
    sought_id integer PRIMARY KEY, quality text, street_id integer, number integer, suffix text,
    point geometry, apart double precision, streets integer
) ON COMMIT DROP
""")

_EXACTLY = text("""
INSERT INTO found
SELECT sought_id, CASE WHEN apart <= :same_place THEN 'exact' END, street_ids[1], number, suffix,
       points[1], apart, NULL
FROM (
    SELECT sought_id, number, suffix, array_agg(point ORDER BY street_id, point) AS points,
           array_agg(street_id ORDER BY street_id, point) AS street_ids,
           ST_Length(geography(ST_BoundingDiagonal(ST_Collect(point)))) AS apart
    FROM (
        SELECT sought_id, house.*, shared, max(shared) OVER (PARTITION BY sought_id) AS best
        FROM found_street JOIN sought ON sought.id = sought_id
        JOIN registry.house USING (street_id)
        WHERE house.number = sought.number AND house.suffix = sought.suffix
    ) AS house
    WHERE shared = best
    GROUP BY sought_id, number, suffix
) AS candidate
""")

# Of the streets about which nothing contradicts the address, the three most alike.
_SIMILAR_STREETS = text(f"""
CREATE TEMPORARY TABLE similar_street ON COMMIT DROP AS
SELECT sought.id AS sought_id, near.*, row_number() OVER (PARTITION BY sought.id
       ORDER BY near.score DESC, near.street) AS place
FROM sought CROSS JOIN LATERAL (
    SELECT street.street, min(street.name) AS name,
           similarity(street.street, sought.street) AS score
    FROM registry.house_street AS street
    WHERE {_NEAR} AND {_TIER} >= {POSTCODE}
    GROUP BY street.street ORDER BY score DESC, street.street LIMIT 3
) AS near
WHERE sought.street IS NOT NULL
  AND NOT EXISTS (SELECT FROM found_street WHERE sought_id = sought.id)
""")

# Numbers in a name are no typing errors: `Straße 12` is not `Straße 13`.
_MISSPELT_STREETS = text(rf"""
INSERT INTO found_street
SELECT sought_id, street_id, tier, shared, score
FROM (
    SELECT sought.id AS sought_id, street.id AS street_id, tier, shared, first.score,
           max(tier) OVER (PARTITION BY sought.id) AS best
    FROM similar_street AS first
    JOIN sought ON sought.id = first.sought_id
    LEFT JOIN similar_street AS second
      ON second.sought_id = first.sought_id AND second.place = 2
    JOIN registry.house_street AS street ON street.street = first.street
    CROSS JOIN LATERAL (SELECT {_TIER} AS tier, {_SHARED} AS shared) AS agreement
    WHERE first.place = 1 AND first.score >= :similar AND tier >= {POSTCODE}
      AND coalesce(first.score - second.score >= :distinct, true)
      AND regexp_replace(first.street, '\D', '', 'g')
        = regexp_replace(sought.street, '\D', '', 'g')
) AS agreeing
WHERE tier = best
""")

# Metres around the middle of the houses; near enough within a town. The nearest number is rather
# on the same side of the street, and no number is the middle of it.
_NEARBY = text("""
INSERT INTO found
WITH agreeing AS (
    SELECT sought_id, house.*, sought.number AS wanted, shared,
           max(shared) OVER (PARTITION BY sought_id) AS best
    FROM found_street JOIN sought ON sought.id = sought_id
    JOIN registry.house USING (street_id)
    WHERE NOT EXISTS (SELECT FROM found WHERE found.sought_id = sought.id)
), candidate AS (
    SELECT *, avg(ST_X(point)) OVER address AS lon, avg(ST_Y(point)) OVER address AS lat
    FROM agreeing WHERE shared = best
    WINDOW address AS (PARTITION BY sought_id)
), measured AS (
    SELECT *, 111320 * cos(radians(lat)) * (ST_X(point) - lon) AS east,
           111320 * (ST_Y(point) - lat) AS north
    FROM candidate
), clustered AS (
    SELECT *, ST_ClusterDBSCAN(ST_MakePoint(east, north), :gap, 1)
              OVER (PARTITION BY sought_id) AS cluster
    FROM measured
), counted AS (
    SELECT *, 1 + max(cluster) OVER (PARTITION BY sought_id) AS streets FROM clustered
)
SELECT DISTINCT ON (sought_id)
       sought_id, CASE WHEN streets = 1 THEN 'street' END, street_id, number, suffix, point,
       NULL, streets
FROM counted
ORDER BY sought_id, abs(number - wanted), (number - wanted) % 2 <> 0,
         CASE WHEN wanted IS NULL THEN east * east + north * north END,
         number, suffix, street_id, point
""")

_RESULTS = text("""
SELECT quality, tier, street.name, found.number, found.suffix, street.postcode, street.town, score,
       ST_X(point), ST_Y(point), apart, streets, names
FROM sought
LEFT JOIN found ON found.sought_id = sought.id
LEFT JOIN registry.house_street AS street ON street.id = found.street_id
LEFT JOIN found_street ON found_street.sought_id = sought.id
                      AND found_street.street_id = found.street_id
LEFT JOIN (
    SELECT sought_id, array_remove(
        array_agg(CASE WHEN score >= :worth_telling THEN name END ORDER BY place), NULL
    ) AS names
    FROM similar_street GROUP BY sought_id
) AS similar_street ON similar_street.sought_id = sought.id
ORDER BY sought.id
""")

_STEPS = (
    text("ANALYZE sought"),
    _SAME_STREETS,
    text("ANALYZE found_street"),
    _FOUND,
    _EXACTLY,
    _SIMILAR_STREETS,
    _MISSPELT_STREETS,
    _NEARBY,
)

_SEEKING = "CREATE TEMPORARY TABLE seeking (site_id uuid, sought_id integer) ON COMMIT DROP"

_PLACE = text("""
UPDATE registry.site SET point = found.point, precision = found.quality
FROM seeking JOIN found USING (sought_id)
WHERE site.id = seeking.site_id AND found.quality IS NOT NULL
  AND (site.point IS NULL OR site.precision = 'municipality')
""")
