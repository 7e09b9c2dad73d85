// The elements that are neither a list nor a map, in one file.
export { QuartierChart } from "./chart.js";
export { QuartierOffering } from "./offering.js";
export { QuartierMeasureProgress } from "./progress.js";
