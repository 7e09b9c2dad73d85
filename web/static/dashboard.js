/* What scripts add to the dashboard, which works without them: a choice is shown at once, in place; the
   arrow keys walk over the map; the picture also as PNG. All of it is asked of this server, as a page. */

const board = document.querySelector("[data-dashboard]");
const AROUND = [".languages", ".bottom"];
let asking;

async function show(address, { remember = true } = {}) {
  asking?.abort();
  const own = (asking = new AbortController());
  board.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: own.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("[data-dashboard]")) throw new Error(`no dashboard: ${answer.status}`);
    if (remember) history.pushState(null, "", answer.url);
    put(page);
  } catch {
    if (!own.signal.aborted) location.assign(address);
  } finally {
    if (asking === own) board.removeAttribute("aria-busy");
  }
}

/* What is announced stays in its place, or nobody would hear it; focus stays where it was. */
function put(page) {
  const focused = document.activeElement;
  const key = focused?.id || focused?.closest?.("[data-district]")?.dataset.district;
  document.title = page.title;
  exchange(page.querySelector("[data-dashboard]"));
  for (const part of AROUND) {
    const fresh = page.querySelector(part);
    if (fresh) document.querySelector(part)?.replaceWith(fresh);
  }
  ready();
  const again = key && (document.getElementById(key) ?? board.querySelector(`a[data-district="${CSS.escape(key)}"]`));
  again?.focus({ preventScroll: true });
}

function exchange(fresh) {
  const said = board.querySelector("[data-said]");
  const words = fresh.querySelector("[data-said]");
  if (!said || !words) {
    board.replaceChildren(...fresh.children);
    return;
  }
  for (const part of [...board.children]) if (part !== said) part.remove();
  const parts = [...fresh.children];
  const place = parts.indexOf(words);
  said.before(...parts.slice(0, place));
  said.after(...parts.slice(place + 1));
  said.textContent = words.textContent;
}

function addressOf(form) {
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value) address.searchParams.append(name, value);
  return address;
}

/* --- the map: one stop of the tab key, from area to area by arrow ------------------------------- */

function walking(map) {
  const areas = [...map.querySelectorAll(".areas a")];
  if (!areas.length) return;
  const start = areas.find((area) => area.hasAttribute("aria-current")) ?? areas[0];
  start.setAttribute("tabindex", "0");
  map.addEventListener("keydown", (event) => {
    const here = event.target.closest?.(".areas a");
    const to = here && next(areas, here, event.key);
    if (!to) return;
    event.preventDefault();
    for (const area of areas) area.setAttribute("tabindex", area === to ? "0" : "-1");
    to.focus();
  });
}

function next(areas, here, key) {
  if (key === "Home") return areas[0];
  if (key === "End") return areas.at(-1);
  const towards = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (!towards) return undefined;
  const middle = (area) => {
    const box = area.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = middle(here);
  const [dx, dy] = towards;
  const far = (area) => {
    const [left, top] = middle(area);
    const along = (left - x) * dx + (top - y) * dy;
    const aside = Math.abs((left - x) * dy) + Math.abs((top - y) * dx);
    return along > 1 && aside <= along * 2 ? along + aside : Infinity;
  };
  const found = areas.filter((area) => area !== here).sort((one, other) => far(one) - far(other))[0];
  return found && far(found) < Infinity ? found : undefined;
}

/* --- the picture ----------------------------------------------------------------------------------- */

async function save(address, name) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth * 2;
  canvas.height = picture.naturalHeight * 2;
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = name;
  link.click();
}

function ready() {
  for (const form of board.querySelectorAll("form[data-choices]")) form.classList.add("instant");
  for (const map of board.querySelectorAll("[data-areas]")) walking(map);
  for (const part of board.querySelectorAll("[data-png]")) {
    part.hidden = false;
    const button = part.querySelector("button");
    const address = part.parentElement.querySelector("[data-picture]").href;
    button.addEventListener("click", () => save(address, button.dataset.name));
  }
}

if (board && !document.documentElement.querySelector("section.fragment")) {
  board.addEventListener("change", ({ target }) => {
    if (target.form?.matches("[data-choices]")) show(addressOf(target.form));
  });
  board.addEventListener("submit", (event) => {
    event.preventDefault();
    show(addressOf(event.target));
  });
  board.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-choose]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.href?.baseVal ?? link.href);
  });
  addEventListener("popstate", () => show(location.href, { remember: false }));
  ready();
}
