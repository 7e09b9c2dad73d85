-- Documents that count their parts are built like any other, once nothing more follows from them.
INSERT INTO pending
SELECT replace(resource, ' summary', ''), id FROM pending WHERE resource LIKE '% summary'
ON CONFLICT DO NOTHING;
