-- The line of CSV of each observation in `{rows}`. Beside its cells stand the columns that they are:
-- db/lines.py reads them there.
WITH indicator AS MATERIALIZED (
    SELECT i.id, published.csv_line(i.document, ARRAY['$.slug']) AS slug,
           published.csv_line(i.document, ARRAY['$.unit']) AS unit
    FROM published.indicator i
), district AS MATERIALIZED (
    SELECT d.id,
           published.csv_line(d.document, ARRAY['$.slug', '$.key', '$.name', '$.level.code'])
               AS cells
    FROM published.district d
), source AS MATERIALIZED (
    SELECT s.id,
           published.csv_line(to_json(s)::text, ARRAY['$.title', '$.license', '$.attribution'])
               AS cells
    FROM published.source s
)
INSERT INTO published.observation_line AS old (id, sort_name, breakdowns, line)
SELECT o.id, o.sort_name, o.breakdowns, concat(
    o.id, ',',                                                    -- $.id
    indicator.slug, ',',                                          -- $.indicator.slug
    district.cells, ',',                                          -- $.district.slug
                                                                  -- $.district.key
                                                                  -- $.district.name
                                                                  -- $.district.level.code
    o.period, ',',                                                -- $.period.edtf
    o.period_earliest, ',',                                       -- $.period.earliest
    o.period_latest, ',',                                         -- $.period.latest
    published.csv_cell(array_to_string(                           -- $.breakdowns
        o.breakdown[cardinality(o.breakdown) / 2 + 1:], '; ')), ',',
    o.value, ',',                                                 -- $.value
    indicator.unit, ',',                                          -- $.unit
    o.numerator, ',',                                             -- $.numerator
    o.denominator, ',',                                           -- $.denominator
    array_to_string(o.flags, '; '), ',',                          -- $.flags[*].code
    published.csv_cell(o.scenario), ',',                          -- $.scenario
    published.csv_cell(o.note), ',',                              -- $.note
    source.cells, ',',                                            -- $.source.title
                                                                  -- $.source.license
                                                                  -- $.source.attribution
    to_char(o.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))          -- $.updated_at
FROM published.observation o
JOIN {rows} wanted ON wanted.id = o.id
JOIN indicator ON indicator.id = o.indicator_id
JOIN district ON district.id = o.district_id
JOIN source ON source.id = o.source_id
ON CONFLICT (id) DO UPDATE
SET sort_name = excluded.sort_name, breakdowns = excluded.breakdowns, line = excluded.line
WHERE (old.sort_name, old.breakdowns, old.line) IS DISTINCT FROM
      (excluded.sort_name, excluded.breakdowns, excluded.line)
