import { html, nothing, type TemplateResult } from "lit";
import { ask, safeUrl, type Answer, type Entity, type Term } from "./api.js";
import { QuartierElement, link, shortened, type LoadDetail } from "./base.js";
import { addressOf, described, fallbackNote, fallbacks, label, labels, listed, nameLink, named, type Context, type Site } from "./entries.js";

interface Offering extends Entity {
  description: string | null;
  organisation: { name: string } | null;
  categories: Term[];
  target_groups: Term[];
  languages: Term[];
  sites: Site[];
  phone: string | null;
  email: string | null;
  url: string | null;
  free: boolean | null;
  cost: string | null;
  eligibility: string | null;
  application: string | null;
  accessibility: string | null;
  confirmed_at: string | null;
}

/** One offering: what, by whom, where, and how to get in touch. */
export class QuartierOffering extends QuartierElement<Offering> {
  static override own = ["name"];

  protected filters(): readonly string[] {
    return [];
  }

  protected question(): { path: string; query: URLSearchParams } | { missing: string } {
    const name = this.getAttribute("name")?.trim();
    if (!name) return { missing: "name" };
    return { path: `/v1/offerings/${encodeURIComponent(name)}`, query: new URLSearchParams() };
  }

  protected fetch(url: string, signal: AbortSignal): Promise<Answer<Offering>> {
    return ask(url, signal);
  }

  protected detail({ url, stale }: Answer<Offering>): LoadDetail {
    return { resource: "offerings", total: 1, shown: 1, sequence: undefined, url, stale };
  }

  protected content(offering: Offering): TemplateResult {
    const context = this.#context;
    const chosen = described(offering, context);
    return html`<article part="offering" lang=${offering.lang ?? nothing}>
        <p>${nameLink(offering, chosen, this.select.bind(this))}</p>
        ${this.#description(offering)}
        <dl part="details">${this.#details(offering)}</dl>
      </article>
      ${fallbackNote(offering, context)}
      ${this.credits([offering], chosen.href)}`;
  }

  /** CommonMark, shown as it was written: what it means is the registry's page's to show. */
  #description(offering: Offering): TemplateResult | typeof nothing {
    if (!offering.description) return nothing;
    const lang = fallbacks(offering)["description"] ?? nothing;
    return html`<p class="pre" part="description" lang=${lang}><bdi>${offering.description}</bdi></p>`;
  }

  get #context(): Context {
    return { base: this.base, resource: "offerings", language: this.language, texts: this.texts };
  }

  #details(offering: Offering): (TemplateResult | typeof nothing)[] {
    const texts = this.texts;
    return [
      detail(texts.organisation, named(offering.organisation)),
      detail(texts.category, listed(labels(offering.categories))),
      detail(texts.targetGroups, listed(labels(offering.target_groups))),
      detail(texts.places, ...offering.sites.map(place)),
      detail(texts.phone, contact("tel:", offering.phone)),
      detail(texts.email, contact("mailto:", offering.email)),
      detail(texts.website, offering.url && link(offering.url, offering.url)),
      detail(texts.cost, offering.cost ?? (offering.free ? texts.free : null)),
      detail(texts.eligibility, offering.eligibility),
      detail(texts.application, offering.application),
      detail(texts.languages, listed(labels(offering.languages))),
      detail(texts.accessibility, offering.accessibility),
      detail(texts.confirmed, this.#day(offering.confirmed_at)),
    ];
  }

  #day(date: string | null): string | null {
    return date && new Date(date).toLocaleDateString(this.language, { dateStyle: "long" });
  }
}

type Shown = string | TemplateResult | null;

function detail(name: string, ...values: Shown[]): TemplateResult | typeof nothing {
  const known = values.filter(Boolean);
  if (!known.length) return nothing;
  return html`<dt>${name}</dt>
    ${known.map((value) => html`<dd class="pre"><bdi>${value}</bdi></dd>`)}`;
}

function place(site: Site): Shown {
  const approximate = site.precision && site.precision.code !== "exact" ? label(site.precision) : "";
  const hours = listed([site.opening_hours ?? "", site.opening_note ?? ""]);
  const lines = [site.name ?? "", addressOf(site), approximate && `(${approximate})`, hours];
  return lines.filter(Boolean).join("\n") || null;
}

function contact(scheme: "tel:" | "mailto:", text: string | null): Shown {
  const target = scheme === "tel:" ? text?.replace(/[^+\d]/g, "") : encodeURI(text ?? "");
  const href = target ? safeUrl(scheme + target) : undefined;
  return href && text ? html`<a href=${href}><bdi>${shortened(text)}</bdi></a>` : text;
}
