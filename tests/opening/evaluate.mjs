// A year of opening hours as opening_hours.js sees it: [minute of the epoch, state], where it changes.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , web] = process.argv;
const entry = createRequire(pathToFileURL(`${web}/`)).resolve("opening_hours");
const { default: OpeningHours } = await import(
  pathToFileURL(entry.replace("opening_hours.js", "opening_hours.esm.mjs"))
);

const minutes = (moment) => moment.getTime() / 60000;

function year({ hours, state, country, latitude, longitude, year }) {
  const address = { country_code: country, state };
  const place = { lat: String(latitude), lon: String(longitude), address };
  const [begins, ends] = [new Date(year, 0, 1), new Date(year + 1, 0, 1)];
  const found = [];
  const iterator = new OpeningHours(hours, place, { mode: 2 }).getIterator(begins);
  for (let at = begins; at < ends; at = iterator.getDate()) {
    found.push([minutes(at), iterator.getStateString(true)]);
    if (!iterator.advance(ends)) break;
  }
  return found;
}

const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map((one) => {
  try {
    return year(one);
  } catch (error) {
    return String(error);
  }
})));
