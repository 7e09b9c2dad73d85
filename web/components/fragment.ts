// Takes over a fragment that the registry made, part by part: what is not listed here does not come
// along, so an answer from elsewhere cannot bring scripts, styles or pictures.
import { safeUrl } from "./api.js";

const HTML = new Set(
  (
    "a abbr article aside b bdi br caption code col colgroup dd details div dl dt em figcaption figure " +
    "footer h2 h3 h4 h5 h6 header i li nav ol p s section small span strong sub summary sup table tbody " +
    "td tfoot th thead time tr ul"
  ).split(" "),
);
const SVG = new Set(
  "circle defs desc ellipse g line path pattern polygon polyline rect svg text title tspan use".split(" "),
);
const ATTRIBUTES = new Set(
  (
    "class cx cy d datetime dir dx dy fill height id lang open patternUnits patternTransform points " +
    "preserveAspectRatio r role rowspan colspan rx ry scope stroke stroke-width text-anchor transform " +
    "viewBox width x x1 x2 y y1 y2 aria-hidden aria-label aria-labelledby aria-describedby tabindex"
  ).split(" "),
);
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** The first section of the document; undefined if there is none. */
export function adopted(html: string): DocumentFragment | undefined {
  const section = new DOMParser().parseFromString(html, "text/html").querySelector("section");
  if (!section) return undefined;
  const fragment = document.createDocumentFragment();
  fragment.append(...copies(section));
  return fragment;
}

function copies(node: Node): Node[] {
  if (node instanceof Text) return [document.createTextNode(node.data)];
  if (!(node instanceof Element)) return [];
  const known = node.namespaceURI === SVG_NAMESPACE ? SVG : HTML;
  if (!known.has(node.localName)) return [];
  const copy = document.createElementNS(node.namespaceURI, node.localName);
  for (const { name, value } of node.attributes) {
    if (ATTRIBUTES.has(name) && !value.includes("url(")) copy.setAttribute(name, value);
  }
  const href = hrefOf(node);
  if (href) copy.setAttribute("href", href);
  copy.append(...[...node.childNodes].flatMap(copies));
  return [copy];
}

/** Links lead to the web; a chart also repeats shapes of its own. */
function hrefOf(node: Element): string | undefined {
  const href = node.getAttribute("href");
  if (node.localName === "use") return href?.startsWith("#") ? href : undefined;
  return node.localName === "a" ? safeUrl(href) : undefined;
}
