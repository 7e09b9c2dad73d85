import { css, html, type TemplateResult } from "lit";
import { Failure, askText, type Answer } from "./api.js";
import { QuartierElement, type LoadDetail } from "./base.js";
import { SERIES, queryOf } from "./filters.js";
import { adopted } from "./fragment.js";

/** An indicator's values as the registry draws them: a chart, and the same numbers as a table. */
export class QuartierChart extends QuartierElement<DocumentFragment> {
  static override own = ["indicator"];
  static override styles = [
    ...QuartierElement.styles,
    css`
      svg {
        display: block;
        max-width: 100%;
        height: auto;
        color: inherit;
      }
      svg text {
        fill: currentColor;
        font-size: 0.8rem;
      }
      table {
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }
      .table,
      .scroll {
        overflow-x: auto;
      }
      th,
      td {
        padding: 0.25rem 0.75rem 0.25rem 0;
        border-block-end: 1px solid var(--_border);
        font-weight: inherit;
        text-align: start;
      }
    `,
  ];

  protected filters(): readonly string[] {
    return SERIES;
  }

  protected question(): { path: string; query: URLSearchParams } | { missing: string } {
    const indicator = this.getAttribute("indicator")?.trim();
    if (!indicator) return { missing: "indicator" };
    const path = `/v1/indicators/${encodeURIComponent(indicator)}/observations.html`;
    return { path, query: queryOf(this, SERIES) };
  }

  protected async fetch(url: string, signal: AbortSignal): Promise<Answer<DocumentFragment>> {
    const answer = await askText(url, signal);
    const body = adopted(answer.body);
    if (!body) throw new Failure("foreign", url, 200, `What answers at ${url} is no fragment of a registry`);
    return { ...answer, body };
  }

  protected detail({ body, url, stale }: Answer<DocumentFragment>): LoadDetail {
    const shown = body.querySelectorAll("tbody tr").length;
    return { resource: "observations", total: undefined, shown, sequence: undefined, url, stale };
  }

  protected content(body: DocumentFragment): TemplateResult {
    return html`<div part="chart" aria-label=${this.texts.chart} role="group">${body.cloneNode(true)}</div>`;
  }
}
