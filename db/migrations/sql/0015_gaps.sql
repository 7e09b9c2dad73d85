-- Gaps: what offerings hold, and where people live.

-- What is counted of offerings, and where that was taken from.
ALTER TABLE published.offering
    ADD capacity integer,
    ADD capacity_unit text,
    ADD source_id uuid;

-- Inhabited cells of a population grid, each at its middle: many of one source. A mark names the
-- source, since a publication replaces all of it that differs.
CREATE TABLE registry.population_cell (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    source_id UUID NOT NULL,
    cell TEXT NOT NULL,
    width INTEGER,
    point geometry(POINT,4326) NOT NULL,
    residents NUMERIC NOT NULL,
    CONSTRAINT population_cell_pkey PRIMARY KEY (id),
    CONSTRAINT population_cell_source_id_cell_key UNIQUE (source_id, cell),
    CONSTRAINT population_cell_width_check CHECK (width > 0),
    CONSTRAINT population_cell_residents_check CHECK (residents > 0 AND residents < 1e9),
    CONSTRAINT population_cell_point_on_earth_check CHECK (ST_IsValid(point) AND NOT ST_IsEmpty(point) AND ST_XMin(point) >= -180 AND ST_XMax(point) <= 180 AND ST_YMin(point) >= -90 AND ST_YMax(point) <= 90),
    CONSTRAINT population_cell_source_id_fkey FOREIGN KEY(source_id) REFERENCES registry.source (id) ON DELETE RESTRICT
);

CREATE INDEX population_cell_point_idx ON registry.population_cell USING gist (point);
CREATE INDEX population_cell_source_id_idx ON registry.population_cell (source_id);

CREATE TRIGGER record_insert AFTER INSERT ON registry.population_cell
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes('population_cell', 'source_id');
CREATE TRIGGER record_update AFTER UPDATE ON registry.population_cell
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes('population_cell', 'source_id');
CREATE TRIGGER record_delete AFTER DELETE ON registry.population_cell
    REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION registry.record_changes('population_cell', 'source_id');

CREATE VIEW registry.public_population_cell AS
SELECT e.id, e.width, e.point, e.residents, e.source_id
FROM registry.population_cell e
JOIN registry.public_source s ON s.id = e.source_id;

-- `districts`: all that a cell lies in, at every level and of every time.
CREATE TABLE published.population_cell (
    id uuid PRIMARY KEY,
    spot geography(Point, 4326) NOT NULL,
    residents double precision NOT NULL,
    width integer,
    source_id uuid NOT NULL,
    districts uuid[] NOT NULL
);
CREATE INDEX population_cell_spot ON published.population_cell USING gist (spot);

-- Their sources, as answers show them.
CREATE TABLE published.population_source (
    id uuid PRIMARY KEY,
    document text NOT NULL
);
