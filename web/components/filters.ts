// Which attributes an element takes: the API's filters, by resource. A test compares them with the
// contract. HTML has an attribute `id` of its own, so the filter of that name is `ids` here.

const SEARCH = ["q", "ids", "sort", "limit", "updated_since"] as const;

export const FILTERS: Record<string, readonly string[]> = {
  offerings: [
    ...SEARCH, "category", "district", "theme", "target_group", "organisation", "postcode",
    "organisation_mode", "language", "wheelchair", "age", "free", "confirmed_since", "stale",
    "include_ended", "open_at", "open_now", "bbox", "near", "radius", "within", "serves",
    "serves_district",
  ],
  districts: [...SEARCH, "level", "parent", "valid_on", "designation", "contains", "bbox"],
  organisations: [...SEARCH, "kind", "postcode"],
  indicators: [...SEARCH, "theme", "level", "type", "breakdown", "headline"],
  strategies: [...SEARCH, "theme", "target_group", "kind"],
  measures: [
    ...SEARCH, "district", "theme", "target_group", "strategy", "decision", "feasibility",
    "implementation", "lead", "from", "to",
  ],
  decisions: [...SEARCH, "body", "result", "strategy"],
};

export const SERIES = [
  "district", "district_scope", "parent", "level", "time", "breakdown", "boundary", "status",
] as const;

/** Those whose values, written with commas or blanks between them, mean "any of these". */
const SEVERAL = new Set([
  "ids", "category", "district", "theme", "target_group", "organisation", "postcode",
  "organisation_mode", "language", "wheelchair", "serves_district", "level", "parent",
  "designation", "kind", "type", "strategy", "decision", "feasibility", "implementation", "lead",
  "body", "result", "status", "breakdown",
]);

export const ALL_FILTERS: readonly string[] = [...new Set([...Object.values(FILTERS).flat(), ...SERIES])];

/** The attributes of an element that are filters, as a query of the API. */
export function queryOf(element: Element, names: readonly string[]): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of names) {
    const value = element.getAttribute(name)?.trim();
    if (!value) continue;
    const values = SEVERAL.has(name) ? value.split(/[\s,]+/).filter(Boolean) : [value];
    for (const one of values) query.append(name === "ids" ? "id" : name, one);
  }
  return query;
}

/** The known name that a mistyped one was most likely meant to be. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = name.replaceAll("-", "_");
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(plain, candidate.replaceAll("-", "_")) }))
    .sort((one, other) => one.distance - other.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** Levenshtein's, a row at a time. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [line, letter] of [...one].entries()) {
    const next = [line + 1];
    for (const [column, against] of [...other].entries()) {
      const changed = (row[column] ?? 0) + (letter === against ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
