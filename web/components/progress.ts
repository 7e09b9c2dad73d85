import { css, html, nothing, svg, type TemplateResult } from "lit";
import { ask, type Answer, type Entity, type List, type Term } from "./api.js";
import { QuartierElement, shortened, type LoadDetail } from "./base.js";
import { described, label, named, nameLink, type Context } from "./entries.js";
import { FILTERS, queryOf } from "./filters.js";

interface Measure extends Entity {
  decision: Term | null;
  feasibility: Term | null;
  implementation: Term | null;
  strategy: { title: string } | null;
  start: { edtf: string } | null;
  end: { edtf: string } | null;
}

interface Count {
  value: string;
  label: string;
  count: number;
}

/** From finished to unknown, in the order in which people ask for them. */
const ORDER = [
  "completed", "already_practice", "in_progress", "delayed", "planned", "not_started", "stopped", "unknown",
];

/** How far the measures of a strategy are, or where one measure stands. */
export class QuartierMeasureProgress extends QuartierElement<List | Measure> {
  static override own = ["measure"];
  static override styles = [
    ...QuartierElement.styles,
    css`
      table {
        width: 100%;
        border-collapse: collapse;
      }
      caption {
        text-align: start;
        font-weight: 600;
      }
      th,
      td {
        padding-block: 0.25rem;
        padding-inline-end: 0.75rem;
        font-weight: inherit;
        text-align: start;
        vertical-align: middle;
      }
      .count {
        text-align: end;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .bar {
        width: 45%;
        padding-inline-end: 0;
      }
      svg {
        display: block;
        width: 100%;
        height: 1rem;
        overflow: visible;
      }
      .whole {
        fill: none;
        stroke: var(--_line);
      }
      .part {
        fill: var(--_accent);
      }
      @media (forced-colors: active) {
        .whole {
          stroke: CanvasText;
        }
        .part {
          fill: CanvasText;
        }
      }
    `,
  ];

  get #measure(): string | undefined {
    return this.getAttribute("measure")?.trim() || undefined;
  }

  protected filters(): readonly string[] {
    return this.#measure ? [] : (FILTERS["measures"] ?? []).filter((name) => name !== "limit" && name !== "sort");
  }

  protected question(): { path: string; query: URLSearchParams } | { missing: string } {
    const measure = this.#measure;
    if (measure) return { path: `/v1/measures/${encodeURIComponent(measure)}`, query: new URLSearchParams() };
    const query = queryOf(this, this.filters());
    if (!query.size) return { missing: "strategy, measure" };
    query.set("facets", "implementation");
    query.set("fields", "source");
    return { path: "/v1/measures", query };
  }

  protected fetch(url: string, signal: AbortSignal): Promise<Answer<List | Measure>> {
    return ask(url, signal);
  }

  protected detail({ body, url, stale }: Answer<List | Measure>): LoadDetail {
    const common = { resource: "measures", url, stale };
    if (!isList(body)) return { ...common, total: 1, shown: 1, sequence: undefined };
    return { ...common, total: body.total, shown: body.items.length, sequence: body.sequence };
  }

  protected content(body: List | Measure): TemplateResult {
    return isList(body) ? this.#counts(body) : this.#states(body);
  }

  #counts(list: List): TemplateResult {
    const counts = ordered(list.facets?.["implementation"] ?? []);
    const total = counts.reduce((sum, each) => sum + each.count, 0);
    const more = this.address("/v1/measures", this.withLanguage(queryOf(this, this.filters())));
    return html`${total
      ? html`<table part="table">
          <caption>${this.texts.progress}: ${this.say("measures", { count: this.number(total) })}</caption>
          <tbody>${counts.map((each) => this.#row(each, total))}</tbody>
        </table>`
      : html`<p class="note" part="empty" role="status">${this.texts.none} ${this.texts.noneHelp}</p>`}
    ${this.credits(list.items, more, list.items.length < (list.total ?? 0) ? list.attribution : [])}`;
  }

  #row(each: Count, total: number): TemplateResult {
    const share = each.count / total;
    const percent = this.number(share, { style: "percent", maximumFractionDigits: 0 });
    return html`<tr part="state">
      <th scope="row"><bdi>${each.label}</bdi></th>
      <td class="count">${this.number(each.count)} (${percent})</td>
      <td class="bar" aria-hidden="true">
        <svg part="bar" viewBox="0 0 100 8" preserveAspectRatio="none">
          ${svg`<rect class="whole" width="100" height="8" vector-effect="non-scaling-stroke"/>
            <rect class="part" width=${share * 100} height="8"/>`}
        </svg>
      </td>
    </tr>`;
  }

  #states(measure: Measure): TemplateResult {
    const chosen = described(measure, this.#context);
    const rows: [string, string][] = [
      [this.texts.implementation, label(measure.implementation)],
      [this.texts.decision, label(measure.decision)],
      [this.texts.feasibility, label(measure.feasibility)],
      [this.texts.strategy, named(measure.strategy)],
      [this.texts.period, [measure.start?.edtf, measure.end?.edtf].filter(Boolean).join(" – ")],
    ];
    return html`<article part="measure" lang=${measure.lang ?? nothing}>
        <p>${nameLink(measure, chosen, this.select.bind(this))}</p>
        <dl part="details">
          ${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd><bdi>${shortened(value)}</bdi></dd>`)}
        </dl>
      </article>
      ${this.credits([measure], chosen.href)}`;
  }

  get #context(): Context {
    return { base: this.base, resource: "measures", language: this.language, texts: this.texts };
  }
}

function isList(body: List | Measure): body is List {
  return "items" in body && Array.isArray(body.items);
}

function ordered(counts: readonly Count[]): Count[] {
  const place = (value: string): number => (ORDER.indexOf(value) + ORDER.length + 1) % (ORDER.length + 1);
  return counts.filter((each) => each.count).sort((one, other) => place(one.value) - place(other.value));
}
