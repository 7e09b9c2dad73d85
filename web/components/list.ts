import { html, nothing, type TemplateResult } from "lit";
import { ask, type Answer, type List } from "./api.js";
import { QuartierElement, type LoadDetail } from "./base.js";
import { entry, type Context } from "./entries.js";
import { FILTERS, queryOf } from "./filters.js";

const PAGE = 20;

/** Entities of a resource that fit the filters, a page at a time. */
export class QuartierList extends QuartierElement<List> {
  static override own = ["resource"];
  static override properties = { ...QuartierElement.properties, resource: { type: String } };

  declare resource: string;
  /** The addresses of the pages up to this one; the last one is shown. */
  #pages: string[] = [];
  #turned = false;

  constructor() {
    super();
    this.resource = "offerings";
  }

  protected filters(): readonly string[] {
    return FILTERS[this.resource] ?? [];
  }

  protected question(): { path: string; query: URLSearchParams } | { missing: string } {
    if (!(this.resource in FILTERS)) return { missing: `resource (${Object.keys(FILTERS).join(", ")})` };
    const query = queryOf(this, this.filters());
    if (!query.has("limit")) query.set("limit", String(PAGE));
    this.#pages = [];
    return { path: `/v1/${this.resource}`, query };
  }

  protected fetch(url: string, signal: AbortSignal): Promise<Answer<List>> {
    if (!this.#pages.length) this.#pages = [url];
    return ask(url, signal);
  }

  protected detail({ body, url, stale }: Answer<List>): LoadDetail {
    const { total, sequence, items } = body;
    return { resource: this.resource, total, shown: items.length, sequence, url, stale };
  }

  get #context(): Context {
    return { base: this.base, resource: this.resource, language: this.language, texts: this.texts };
  }

  protected content(list: List): TemplateResult {
    const chosen = this.select.bind(this);
    return html`
      ${list.items.length
        ? html`<ol part="list" tabindex="-1">
            ${list.items.map((entity) => html`<li class="entry" part="item">${entry(entity, this.#context, chosen)}</li>`)}
          </ol>`
        : html`<p class="note" part="empty" role="status">${this.texts.none} ${this.texts.noneHelp}</p>`}
      ${this.#turner(list)} ${this.credits(list.items, this.#more())}
    `;
  }

  /** The same list at the registry. */
  #more(): string {
    const query = this.withLanguage(queryOf(this, this.filters()));
    query.delete("limit");
    return this.address(`/v1/${this.resource}`, query);
  }

  #turner(list: List): TemplateResult | typeof nothing {
    const next = list.links.find((link) => link.rel === "next")?.href;
    if (!next && this.#pages.length < 2) return nothing;
    return html`<nav class="pages" part="pages" aria-label=${this.texts.pages}>
      <button part="button" ?disabled=${this.#pages.length < 2} @click=${() => this.#turn(this.#pages.slice(0, -1))}>
        ${this.texts.previous}
      </button>
      <span role="status">${this.#position(list)}</span>
      <button part="button" ?disabled=${!next} @click=${() => next && this.#turn([...this.#pages, this.#ours(next)])}>
        ${this.texts.next}
      </button>
    </nav>`;
  }

  /** Behind a proxy that nobody told it of, a registry may name itself otherwise than we do. */
  #ours(link: string): string {
    return `${this.base}/v1/${this.resource}${new URL(link).search}`;
  }

  #position(list: List): string {
    const limit = Number(new URL(this.#pages[0] ?? this.base).searchParams.get("limit")) || PAGE;
    const start = (this.#pages.length - 1) * limit;
    const values = { first: this.number(start + 1), last: this.number(start + list.items.length) };
    if (list.total === undefined) return this.say("shownSome", values);
    return this.say("shown", { ...values, total: this.number(list.total) });
  }

  async #turn(pages: string[]): Promise<void> {
    const before = this.#pages;
    const page = pages.at(-1);
    if (!page) return;
    this.#pages = pages;
    await this.load(page);
    if (this.failure) this.#pages = before;
    this.#turned = true;
    this.requestUpdate();
  }

  /** Whoever turned the page wants to read it from its beginning. */
  override updated(changed: Parameters<QuartierElement<List>["updated"]>[0]): void {
    super.updated(changed);
    if (!this.#turned) return;
    this.#turned = false;
    this.renderRoot.querySelector<HTMLElement>("ol")?.focus();
  }
}

