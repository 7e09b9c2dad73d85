import { css, html, nothing, render, type TemplateResult } from "lit";
import { ask, type Answer, type Entity, type Source } from "./api.js";
import { QuartierElement, shortened, type LoadDetail, type SelectDetail } from "./base.js";
import type { Drawing } from "./drawing.js";
import { described, entry, nameOf, type Context } from "./entries.js";
import { FILTERS, queryOf } from "./filters.js";
import { pointsOf, type Collection, type Point } from "./points.js";

interface Shown {
  entities: Entity[];
  points: Point[];
  areas: Collection["features"];
  /** Of the areas. */
  attribution: string[];
  total: number | undefined;
  sequence: number;
}

const MAPPED = ["offerings", "measures"];
const MOST = 10_000;
const STEP = 20;
/** What a mark says; and what the list says besides. */
const OF_MARKS: Record<string, string[]> = {
  offerings: ["name", "slug", "organisation", "categories", "lang", "fallback"],
  measures: ["title", "slug", "strategy", "decision", "implementation", "lang", "fallback"],
};
const OF_LISTS: Record<string, string[]> = { offerings: ["sites", "source"], measures: ["source"] };

/** Entities on the registry's own boundaries, and below the same ones as a list. */
export class QuartierMap extends QuartierElement<Shown> {
  static override own = ["resource", "areas", "list", "tiles", "tiles-attribution"];
  static override properties = {
    ...QuartierElement.properties,
    resource: { type: String },
    listed: { state: true },
    agreed: { state: true },
    drawable: { state: true },
  };
  static override styles = [
    ...QuartierElement.styles,
    css`
      .map {
        --_mark: var(--quartier-mark, light-dark(#8f2d56, #f0a3c4));
        isolation: isolate;
        height: var(--quartier-map-height, min(28rem, 70vh));
        border: 1px solid var(--_line);
        border-radius: var(--_radius);
        background: var(--quartier-shade, light-dark(#f2f5f5, #1d262a));
        font: inherit;
      }
      .area {
        stroke: var(--_line);
        fill: var(--_paper);
        fill-opacity: 1;
      }
      .area:hover {
        fill: var(--quartier-shade, light-dark(#f2f5f5, #1d262a));
        stroke: var(--_accent);
      }
      .with-tiles .area {
        fill-opacity: 0;
      }
      .area-name {
        display: grid;
        place-items: center;
        color: var(--quartier-quiet, light-dark(#52606a, #a9b6ba));
        font-size: 0.75rem;
        line-height: 1.1;
        text-align: center;
        pointer-events: none;
      }
      .point,
      .cluster {
        display: grid;
        place-items: center;
        border-radius: 50%;
        color: var(--_paper);
        font-weight: 600;
        cursor: pointer;
      }
      .point span {
        width: 1rem;
        height: 1rem;
        border: 2px solid var(--_paper);
        border-radius: 50% 50% 50% 0;
        background: var(--_mark);
        transform: rotate(-45deg);
      }
      .cluster {
        border: 2px solid var(--_paper);
        background: var(--_mark);
        font-size: 0.875rem;
      }
      .leaflet-popup-content-wrapper,
      .leaflet-popup-tip,
      .leaflet-bar a {
        background: var(--_paper);
        color: var(--quartier-ink, light-dark(#1b2429, #e6ebec));
      }
      .leaflet-container {
        font: inherit;
      }
      .leaflet-container a,
      .leaflet-popup-content a {
        color: var(--_accent);
      }
      .leaflet-container .leaflet-bar a {
        width: 2.75rem;
        height: 2.75rem;
        line-height: 2.75rem;
      }
      .leaflet-container a.leaflet-popup-close-button {
        width: 2rem;
        height: 2rem;
        color: inherit;
        line-height: 2rem;
      }
      .leaflet-popup-content p {
        margin: 0;
      }
      .leaflet-popup-content .entry:last-child {
        border: 0;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: var(--_gap);
        align-items: center;
        justify-content: space-between;
      }
      h2 {
        margin-block: calc(2 * var(--_gap)) 0;
        font-size: 1.125em;
      }
      @media (forced-colors: active) {
        .point span,
        .cluster {
          border-color: CanvasText;
          background: Canvas;
          color: CanvasText;
        }
      }
    `,
  ];

  declare resource: string;
  /** How many of the entities stand in the list. */
  declare protected listed: number;
  declare protected agreed: boolean;
  declare protected drawable: boolean;
  #drawing: Drawing | undefined;
  #drawn: Shown | undefined;
  #starting = false;
  #sizes: ResizeObserver | undefined;

  constructor() {
    super();
    this.resource = "offerings";
    this.listed = STEP;
    this.agreed = false;
    this.drawable = true;
  }

  protected filters(): readonly string[] {
    return FILTERS[this.resource] ?? [];
  }

  protected question(): { path: string; query: URLSearchParams } | { missing: string } {
    if (!MAPPED.includes(this.resource)) return { missing: `resource (${MAPPED.join(", ")})` };
    const query = queryOf(this, this.filters());
    if (!query.has("limit")) query.set("limit", String(MOST));
    const fields = [OF_MARKS, ...(this.#hasList ? [OF_LISTS] : [])].flatMap((of) => of[this.resource] ?? []);
    query.set("fields", fields.join());
    query.set("format", "geojson");
    return { path: `/v1/${this.resource}`, query };
  }

  protected async fetch(url: string, signal: AbortSignal): Promise<Answer<Shown>> {
    const [points, areas] = await Promise.all([ask<Collection>(url, signal), this.#areas(signal)]);
    const { features, numberMatched, sequence } = points.body;
    const shown = {
      entities: features.map((feature) => feature.properties),
      points: pointsOf(features),
      areas: areas?.features ?? [],
      attribution: [
        ...(this.#hasList ? [] : points.body.attribution),
        ...(areas?.features ?? []).map((area) => (area.properties["source"] as Source).attribution ?? ""),
      ],
      total: numberMatched,
      sequence,
    };
    return { ...points, body: shown };
  }

  /** The ground to draw on. A map without it is still one. */
  async #areas(signal: AbortSignal): Promise<Collection | undefined> {
    const level = this.getAttribute("areas")?.trim() || "municipality";
    if (level === "none") return undefined;
    const query = this.withLanguage(new URLSearchParams({ format: "geojson", simplify: "200", limit: "1000" }));
    query.set("fields", "name,slug,population,source");
    query.set("valid_on", new Date().toISOString().slice(0, 10));
    for (const one of level.split(/[\s,]+/)) query.append("level", one);
    try {
      return (await ask<Collection>(this.address("/v1/districts", query), signal)).body;
    } catch (error) {
      console.warn(`<quartier-map>: no boundaries: ${String(error)}`);
      return undefined;
    }
  }

  protected detail({ body, url, stale }: Answer<Shown>): LoadDetail {
    const { total, sequence, entities } = body;
    return { resource: this.resource, total, shown: entities.length, sequence, url, stale };
  }

  protected content(shown: Shown): TemplateResult {
    return html`
      ${this.#notes(shown)} ${this.#tiles()}
      ${this.drawable
        ? html`<div class="map ${this.agreed ? "with-tiles" : ""}" part="map" role="region" aria-label=${this.texts.mapHelp}></div>`
        : html`<p class="note" part="note" role="status">${this.texts.mapMissing}</p>`}
      ${this.#list(shown)}
      ${this.credits(shown.entities, this.#more(), shown.attribution)}
    `;
  }

  #notes({ entities, total }: Shown): TemplateResult | typeof nothing {
    if (!entities.length) {
      return html`<p class="note" part="empty" role="status">${this.texts.none} ${this.texts.noneHelp}</p>`;
    }
    if (total === undefined || total <= entities.length) return nothing;
    const values = { shown: this.number(entities.length), total: this.number(total) };
    return html`<p class="note" part="note">${this.say("clipped", values)}</p>`;
  }

  get #hasList(): boolean {
    return this.getAttribute("list") !== "none";
  }

  get #tileSource(): URL | undefined {
    const address = this.getAttribute("tiles");
    // Braces stand for numbers; an address with them is one all the same.
    return address && URL.canParse(address) && /^https?:/.test(address) ? new URL(address) : undefined;
  }

  /** Nobody else is asked before the reader agrees, and the consent lasts as long as the page. */
  #tiles(): TemplateResult | typeof nothing {
    const source = this.#tileSource;
    if (!source) return nothing;
    if (this.agreed) {
      const by = this.getAttribute("tiles-attribution");
      return by ? html`<p class="small" part="tiles">${this.texts.background}: <bdi>${shortened(by)}</bdi></p>` : nothing;
    }
    return html`<div class="note row" part="tiles">
      <p>${this.say("tiles", { host: source.host.replaceAll(/%7B\w+%7D\.?/gi, "") })}</p>
      <button part="button" @click=${() => (this.agreed = true)}>${this.texts.tilesAgree}</button>
    </div>`;
  }

  /** Every point of the map, for those who do not use it. A page with a list of its own needs none. */
  #list({ entities, points }: Shown): TemplateResult | typeof nothing {
    if (!this.#hasList && this.drawable) return nothing;
    const placed = new Set(points.map((point) => point.index));
    return html`<h2 part="list-title" id="list">${this.texts.list}</h2>
      <ol part="list" aria-labelledby="list">
        ${entities.slice(0, this.listed).map((entity, index) => html`<li class="entry row" part="item">
          <div>${entry(entity, this.#context, this.select.bind(this))}</div>
          ${placed.has(index) ? this.#showButton(entity, index) : html`<p class="small">${this.texts.withoutPlace}</p>`}
        </li>`)}
      </ol>
      ${entities.length > this.listed
        ? html`<p class="pages">
            <button part="button" @click=${() => this.#lengthen()}>${this.texts.more}</button>
            <span role="status">${this.say("shown", { first: 1, last: this.number(this.listed), total: this.number(entities.length) })}</span>
          </p>`
        : nothing}`;
  }

  #showButton(entity: Entity, index: number): TemplateResult | typeof nothing {
    if (!this.drawable) return nothing;
    const name = `${this.texts.showOnMap}: ${shortened(nameOf(entity))}`;
    return html`<button part="button" aria-label=${name} @click=${() => this.showEntity(index)}>${this.texts.showOnMap}</button>`;
  }

  #lengthen(): void {
    const first = this.listed;
    this.listed += STEP;
    void this.updateComplete.then(() => {
      this.renderRoot.querySelectorAll<HTMLElement>("ol[part=list] > li a.name")[first]?.focus();
    });
  }

  /** Go to the entity with this place in the list. */
  protected showEntity(index: number): void {
    const map = this.renderRoot.querySelector<HTMLElement>(".map");
    map?.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
    this.#drawing?.show(index);
  }

  /** The entity of this id or slug, for a page that has a list of its own. */
  show(name: string): void {
    const entities = this.answer?.body.entities ?? [];
    this.showEntity(entities.findIndex((entity) => entity.id === name || entity.slug === name));
  }

  get #context(): Context {
    return { base: this.base, resource: this.resource, language: this.language, texts: this.texts };
  }

  #more(): string {
    const query = this.withLanguage(queryOf(this, this.filters()));
    query.delete("limit");
    return this.address(`/v1/${this.resource}`, query);
  }

  override updated(changed: Parameters<QuartierElement<Shown>["updated"]>[0]): void {
    super.updated(changed);
    if (this.answer && this.drawable) void this.#draw(this.answer.body);
    if (!this.answer) this.#stop();
  }

  async #draw(shown: Shown): Promise<void> {
    if (!this.#drawing && !(await this.#start())) return;
    if (this.#drawn !== shown) {
      this.#drawn = shown;
      this.#drawing?.setAreas(shown.areas as never);
      this.#drawing?.setPoints(shown.points);
      this.#drawing?.fit();
      this.tell("quartier-drawn", { points: shown.points.length, areas: shown.areas.length });
    }
    if (this.agreed && this.#tileSource) this.#drawing?.setTiles(this.getAttribute("tiles") ?? "");
  }

  /** Leaflet is loaded when the first map has something to show. */
  async #start(): Promise<boolean> {
    if (this.#starting) return false;
    this.#starting = true;
    try {
      const { Drawing, stylesheet } = await import("./drawing.js");
      const container = this.renderRoot.querySelector<HTMLElement>(".map");
      if (!container) return false;
      this.#adopt(stylesheet());
      this.#drawing = new Drawing(container, this.#settings());
      this.#sizes = new ResizeObserver(() => this.#drawing?.resize());
      this.#sizes.observe(container);
      return true;
    } catch (error) {
      console.error("<quartier-map>: the map could not be loaded", error);
      this.drawable = false;
      return false;
    } finally {
      this.#starting = false;
    }
  }

  /** Before our own styles, which change some of Leaflet's. */
  #adopt(sheet: CSSStyleSheet): void {
    const root = this.renderRoot as ShadowRoot;
    root.adoptedStyleSheets = [sheet, ...root.adoptedStyleSheets];
  }

  #settings(): ConstructorParameters<typeof Drawing>[1] {
    return {
      still: still(),
      popup: (indexes) => this.#popup(indexes),
      area: (slug, name) => this.#goTo(slug, name),
      labels: {
        zoomIn: this.texts.zoomIn,
        zoomOut: this.texts.zoomOut,
        close: this.texts.close,
        cluster: (count) => this.say("cluster", { count: this.number(count) }),
        name: (index) => shortened(nameOf(this.#entity(index))),
      },
    };
  }

  #goTo(slug: string, name: string): void {
    const detail = described({ id: slug, slug, name }, { ...this.#context, resource: "districts" });
    if (this.tell("quartier-select", detail)) location.assign(detail.href);
  }

  #entity(index: number): Entity {
    return this.answer?.body.entities[index] ?? { id: "" };
  }

  #popup(indexes: readonly number[]): HTMLElement {
    const entities = indexes.map((index) => this.#entity(index));
    const chosen = (event: Event, detail: SelectDetail): void => this.select(event, detail);
    const box = document.createElement("div");
    render(entities.map((entity) => html`<div class="entry" part="popup">${entry(entity, this.#context, chosen)}</div>`), box);
    const only = entities.length === 1 ? entities[0] : undefined;
    if (only) this.tell("quartier-highlight", described(only, this.#context));
    return box;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  #stop(): void {
    this.#sizes?.disconnect();
    this.#drawing?.remove();
    this.#drawing = this.#drawn = undefined;
  }
}

function still(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
