/* What scripts add to a page that works without them: places while one types, "near me", and a list
   and a map that point at each other. Nothing is stored, nobody but the registry is asked. */

const base = new URL("..", import.meta.url);

function completing(input) {
  const list = document.getElementById(input.getAttribute("list"));
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    const typed = input.value.trim();
    const word = typed.split(/\s+/).pop();
    if (word.length < 2) return;
    waiting = setTimeout(async () => {
      const answer = await fetch(new URL(`v1/places?limit=6&q=${encodeURIComponent(word)}`, base));
      if (!answer.ok || input.value.trim() !== typed) return;
      const before = typed.slice(0, typed.length - word.length);
      const { items } = await answer.json();
      list.replaceChildren(...items.map((place) => {
        const option = document.createElement("option");
        option.value = before + place.name;
        return option;
      }));
    }, 200);
  });
}

function nearMe(button) {
  if (!navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const here = new URL(button.form.action);
        for (const [name, value] of new FormData(button.form)) if (value) here.searchParams.append(name, value);
        here.searchParams.set("near", `${coords.longitude.toFixed(4)},${coords.latitude.toFixed(4)}`);
        here.searchParams.delete("cursor");
        location.assign(here);
      },
      () => { button.disabled = false; },
    );
  });
}

function pointing(root) {
  const of = (element) => element.closest?.("[data-item]")?.dataset.item.split(" ") ?? [];
  const show = (event) => {
    const numbers = of(event.target);
    for (const each of root.querySelectorAll("[data-item]")) {
      each.classList.toggle("active", of(each).some((number) => numbers.includes(number)));
    }
  };
  for (const kind of ["pointerover", "focusin"]) root.addEventListener(kind, show);
  root.addEventListener("click", (event) => {
    const mark = event.target.closest?.(".marks a");
    if (!mark) return;
    event.preventDefault();
    const item = document.getElementById(`item-${of(mark)[0]}`);
    item?.scrollIntoView({ block: "nearest" });
    item?.querySelector("a")?.focus();
  });
}

function copying(button) {
  const code = document.querySelector("[data-copy]");
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.parentElement.querySelector("[role=status]").textContent = button.dataset.copies;
  });
}

for (const button of document.querySelectorAll("[data-copies]")) copying(button);
/* Whoever comes back sees the filters of the address, not what was ticked before leaving. */
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.filters")) form.reset();
});

for (const input of document.querySelectorAll("input[list]")) completing(input);
for (const button of document.querySelectorAll("[data-near]")) nearMe(button);
for (const root of document.querySelectorAll("main")) pointing(root);
