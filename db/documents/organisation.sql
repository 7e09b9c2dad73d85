-- A provider, authority or body.
WITH wanted AS MATERIALIZED (
    SELECT o.* FROM pending p JOIN registry.public_organisation o ON o.id = p.id
    WHERE p.resource = 'organisation'
)
SELECT w.id, w.slug, w.name AS sort_name, l.code AS lang,
       NULL::geometry AS geometry,
       term.code AS kind,
       w.postcode,
       ARRAY[concat_ws(' ', w.name, w.alternate_name), '', concat_ws(' ', w.town, w.postcode),
             concat_ws(' ', w.description,
                       registry.translated(w.translations, 'name', 'description'))] AS texts,
       (SELECT left(row_to_json(d)::text, -1) FROM (
            SELECT w.id, w.slug,
                   registry.localized(w.name, w.translations, l.code, 'name') AS name,
                   w.alternate_name,
                   kind.ref AS kind,
                   registry.localized(w.description, w.translations, l.code, 'description')
                       AS description,
                   parent.ref AS parent,
                   district.ref AS district,
                   w.street, w.postcode, w.town, w.phone, w.email, w.url,
                   registry.localized(w.note, w.translations, l.code, 'note') AS note,
                   source.ref AS source,
                   l.code AS lang,
                   registry.fallback(
                       registry.written(w.lang, 'name', w.name, 'description', w.description,
                                        'note', w.note),
                       w.lang, w.translations, l.code) AS fallback
       ) AS d) AS document
FROM wanted w
CROSS JOIN lang l
JOIN source_ref source ON source.id = w.source_id
LEFT JOIN term ON term.id = w.kind_id
LEFT JOIN term_label kind ON kind.id = w.kind_id AND kind.lang = l.code
LEFT JOIN organisation_ref parent ON parent.id = w.parent_id AND parent.lang = l.code
LEFT JOIN district_ref district ON district.id = w.district_id AND district.lang = l.code
