-- Where there are observations, counted as they are published: an indicator's levels, periods and
-- breakdowns are asked for more often than anything else of it, and its rows grow with every year.
CREATE TABLE published.observation_slot (
    indicator_id uuid NOT NULL,
    period text NOT NULL,
    level text NOT NULL,
    breakdowns text NOT NULL,
    period_earliest date,
    period_latest date,
    observations integer NOT NULL,
    is_forecast boolean NOT NULL,
    PRIMARY KEY (indicator_id, period, level, breakdowns)
);

INSERT INTO published.observation_slot
SELECT indicator_id, period, level, breakdowns, min(period_earliest), max(period_latest), count(*),
       bool_and('forecast' = ANY (flags))
FROM published.observation
GROUP BY indicator_id, period, level, breakdowns;

-- A map is of the districts of a level, and their boundaries lie beside them: to look at all of them
-- is to read every boundary.
CREATE INDEX district_level ON published.district (level);
