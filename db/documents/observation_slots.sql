-- Where there are observations: counted anew for each indicator and period that a changed or removed
-- observation is or was of.
CREATE TEMPORARY TABLE recounted ON COMMIT DROP AS
    SELECT indicator_id, period FROM changed_observation
    UNION
    SELECT indicator_before, period_before FROM changed_observation WHERE NOT is_new
    UNION
    SELECT indicator_id, period FROM removed_observation;
ANALYZE recounted;
DELETE FROM published.observation_slot s USING recounted r
WHERE (s.indicator_id, s.period) = (r.indicator_id, r.period);
INSERT INTO published.observation_slot
SELECT o.indicator_id, o.period, o.level, o.breakdowns, min(o.period_earliest),
       max(o.period_latest), count(*), bool_and('forecast' = ANY (o.flags))
FROM recounted r
JOIN published.observation o ON (o.indicator_id, o.period) = (r.indicator_id, r.period)
GROUP BY o.indicator_id, o.period, o.level, o.breakdowns;
