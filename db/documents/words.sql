-- The words of search suggestions: of what changed, each with its stem. A word is only kept while a
-- search vector holds its stem, so that none stays behind when the last text with it is withdrawn.
-- Of the parser's tokens: words, their parts and numbers; no addresses, paths or marks.
ANALYZE new_text, new_stem, old_stem;
INSERT INTO published.word (word, stem)
    SELECT known.word, found.stem
    FROM (
        SELECT DISTINCT spelling.word
        FROM (SELECT DISTINCT token FROM new_text CROSS JOIN ts_parse('default', text)
              WHERE tokid IN (1, 2, 3, 9, 10, 11, 22)) AS parsed
        CROSS JOIN LATERAL (
            VALUES (published.fold(parsed.token)), (published.strip(parsed.token))
        ) AS spelling(word)
        WHERE spelling.word ~ '^[[:alnum:]]{2,60}$'
    ) AS known
    CROSS JOIN unnest(tsvector_to_array(to_tsvector('german', known.word))) AS found(stem)
    WHERE found.stem IN (SELECT stem FROM new_stem)
ON CONFLICT DO NOTHING;

DELETE FROM published.word w USING (
    SELECT stem, quote_literal(stem)::tsquery AS query
    FROM (TABLE old_stem EXCEPT TABLE new_stem) AS gone
) AS old
WHERE w.stem = old.stem
  AND NOT EXISTS (SELECT FROM published.offering o WHERE o.search @@ old.query)
  AND NOT EXISTS (SELECT FROM published.district d WHERE d.search @@ old.query)
  AND NOT EXISTS (SELECT FROM published.organisation o WHERE o.search @@ old.query)
  AND NOT EXISTS (SELECT FROM published.indicator i WHERE i.search @@ old.query)
  AND NOT EXISTS (SELECT FROM published.strategy s WHERE s.search @@ old.query)
  AND NOT EXISTS (SELECT FROM published.measure m WHERE m.search @@ old.query)
  AND NOT EXISTS (SELECT FROM published.decision d WHERE d.search @@ old.query);
