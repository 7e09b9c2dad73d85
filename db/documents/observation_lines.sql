-- The line of CSV of each observation in `{rows}`, with the columns that db/lines.py calls STORED.
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
SELECT o.id, o.sort_name, o.breakdowns,
       concat(o.id, ',', indicator.slug, ',', district.cells, ',',
              o.period, ',', o.period_earliest, ',', o.period_latest, ',',
              published.csv_cell(array_to_string(
                  o.breakdown[cardinality(o.breakdown) / 2 + 1:], '; ')), ',',
              o.value, ',', indicator.unit, ',', o.numerator, ',', o.denominator, ',',
              array_to_string(o.flags, '; '), ',',
              published.csv_cell(o.scenario), ',', published.csv_cell(o.note), ',',
              source.cells, ',',
              to_char(o.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
FROM published.observation o
JOIN {rows} wanted ON wanted.id = o.id
JOIN indicator ON indicator.id = o.indicator_id
JOIN district ON district.id = o.district_id
JOIN source ON source.id = o.source_id
ON CONFLICT (id) DO UPDATE
SET sort_name = excluded.sort_name, breakdowns = excluded.breakdowns, line = excluded.line
WHERE (old.sort_name, old.breakdowns, old.line) IS DISTINCT FROM
      (excluded.sort_name, excluded.breakdowns, excluded.line)
