-- House coordinates, to find the points of addresses with. They are no registry data: a file is
-- replaced as a whole, so no trigger records its rows, and no view shows them.

CREATE TABLE registry.house_street (
    id INTEGER NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    street TEXT NOT NULL,
    postcode TEXT,
    town TEXT,
    towns TEXT[] NOT NULL,
    short_towns TEXT[] NOT NULL,
    parts TEXT[] NOT NULL,
    municipality TEXT,
    CONSTRAINT house_street_pkey PRIMARY KEY (id)
);

CREATE INDEX house_street_street_idx ON registry.house_street (street);
CREATE INDEX house_street_postcode_idx ON registry.house_street (postcode);
CREATE INDEX house_street_municipality_idx ON registry.house_street (municipality);

-- Without the list of pending entries, which every lookup would read from beginning to end until the
-- next vacuum: a file is loaded once and looked up in at once.
CREATE INDEX house_street_towns_short_towns_idx ON registry.house_street
    USING gin (towns, short_towns) WITH (fastupdate = off);

CREATE TABLE registry.house (
    street_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    suffix TEXT NOT NULL,
    point geometry(POINT,4326) NOT NULL,
    CONSTRAINT house_pkey PRIMARY KEY (street_id, number, suffix, point),
    CONSTRAINT house_street_id_fkey FOREIGN KEY(street_id) REFERENCES registry.house_street (id) ON DELETE CASCADE
);
