// Defines the elements. A page may load this more than once, from two registries even: the first wins.
// The list comes along; the others are fetched when the page has one.
import { QuartierList } from "./list.js";

type Definition = () => Promise<CustomElementConstructor>;

const OTHERS: Record<string, Definition> = {
  "quartier-map": async () => (await import("./map.js")).QuartierMap,
  "quartier-offering": async () => (await import("./others.js")).QuartierOffering,
  "quartier-measure-progress": async () => (await import("./others.js")).QuartierMeasureProgress,
  "quartier-chart": async () => (await import("./others.js")).QuartierChart,
};

const begun = new Set<string>();

/** Fetch and define an element now. For pages that put it where we do not look: a shadow root. */
export async function define(name: string): Promise<void> {
  const fetched = OTHERS[name];
  if (!fetched || begun.has(name)) return;
  begun.add(name);
  try {
    register(name, await fetched());
  } catch (error) {
    begun.delete(name);
    console.error(`<${name}>: its script could not be loaded`, error);
  }
}

function register(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}

function defineUsed(): void {
  for (const name of Object.keys(OTHERS)) {
    if (!begun.has(name) && document.querySelector(name)) void define(name);
  }
}

register("quartier-list", QuartierList);
defineUsed();
new MutationObserver(defineUsed).observe(document, { childList: true, subtree: true });
