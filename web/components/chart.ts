import { css, html, unsafeCSS, type TemplateResult } from "lit";
import { Failure, askText, type Answer } from "./api.js";
import { QuartierElement, type LoadDetail } from "./base.js";
import { SERIES, queryOf } from "./filters.js";
import { adopted } from "./fragment.js";
import fragments from "../static/quartier.css";

/** An indicator's values as the registry draws them: a chart, and the same numbers as a table. */
export class QuartierChart extends QuartierElement<DocumentFragment> {
  static override own = ["indicator"];
  static override styles = [
    ...QuartierElement.styles,
    unsafeCSS(fragments),
    // As above, in the colours that the page gives its own texts.
    css`
      .quartier {
        --_ink: currentColor;
        --_quiet: currentColor;
        --_paper: transparent;
        --_shade: transparent;
        --_line: var(--quartier-line, light-dark(#8a979a, #6d7c80));
        --_accent: var(--quartier-accent, light-dark(#0b5c66, #7cc7cf));
        --_mark: var(--quartier-mark, light-dark(#8f2d56, #f0a3c4));
        --_done: var(--quartier-done, light-dark(#256c3b, #8fd3a2));
        --_open: var(--quartier-open, light-dark(#8a5a00, #f0c36d));
        --_halted: var(--quartier-halted, light-dark(#9b1c1c, #ffa3a3));
        --_font: inherit;
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
    const query = queryOf(this, SERIES);
    if (!query.has("breakdown")) query.set("breakdown", "total");
    return { path, query };
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
