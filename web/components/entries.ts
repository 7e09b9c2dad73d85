// One entity in a list: its name, and a few lines that say which it is.
import { html, nothing, type TemplateResult } from "lit";
import type { Entity, Term } from "./api.js";
import { shortened, type SelectDetail } from "./base.js";
import { fill, spoken, type Texts } from "./texts.js";

interface Named {
  name?: string;
  title?: string;
}

export interface Site {
  name: string | null;
  street: string | null;
  postcode: string | null;
  town: string | null;
  longitude: number | null;
  latitude: number | null;
  precision: Term | null;
  opening_hours: string | null;
  opening_note: string | null;
}

export interface Context {
  base: string;
  resource: string;
  language: string;
  texts: Texts;
}

export function nameOf(entity: Entity): string {
  const { name, title } = entity as Named;
  return name ?? title ?? entity.slug ?? entity.id;
}

export function described(entity: Entity, context: Context): SelectDetail {
  const { resource } = context;
  return { resource, id: entity.id, slug: entity.slug, name: nameOf(entity), href: pageOf(entity, context) };
}

function pageOf(entity: Entity, { base, resource, language }: Context): string {
  const path = `${base}/v1/${resource}/${encodeURIComponent(entity.slug ?? entity.id)}`;
  return `${path}?lang=${encodeURIComponent(language)}`;
}

/** The name as a link to the registry's page, and lines below it. */
export function entry(
  entity: Entity,
  context: Context,
  chosen: (event: Event, detail: SelectDetail) => void,
): TemplateResult {
  const detail = described(entity, context);
  const lines = linesOf(entity, context).filter(Boolean);
  return html`<div lang=${entity.lang ?? nothing}>
      ${nameLink(entity, detail, chosen)}
      ${lines.map((line) => html`<p class="small" part="line"><bdi>${shortened(line)}</bdi></p>`)}
    </div>
    ${fallbackNote(entity, context)}`;
}

export function nameLink(
  entity: Entity,
  detail: SelectDetail,
  chosen: (event: Event, detail: SelectDetail) => void,
): TemplateResult {
  const lang = fallbacks(entity)["name"] ?? fallbacks(entity)["title"] ?? nothing;
  const follow = (event: Event): void => chosen(event, detail);
  return html`<a class="name" part="name" href=${detail.href} lang=${lang} @click=${follow}
    ><bdi>${shortened(detail.name)}</bdi></a
  >`;
}

/** Members that are not to be had in the language asked for, and the language they come in. */
export function fallbacks(entity: Entity): Record<string, string> {
  return (entity["fallback"] as Record<string, string> | null | undefined) ?? {};
}

/** Says of texts that people read in which other language they are. */
export function fallbackNote(entity: Entity, { texts, language }: Context): TemplateResult | typeof nothing {
  const { name, title, description } = fallbacks(entity);
  const tag = name ?? title ?? description;
  if (!tag) return nothing;
  const told = new Intl.DisplayNames([spoken(language)], { type: "language" }).of(tag) ?? tag;
  return html`<p class="small" part="fallback">${fill(texts.inLanguage, { language: told })}</p>`;
}

function linesOf(entity: Entity, context: Context): string[] {
  const known = entity as unknown as Record<string, never>;
  switch (context.resource) {
    case "offerings":
      return [
        listed([named(known["organisation"]), ...labels(known["categories"])]),
        listed(unique(((known["sites"] ?? []) as Site[]).map(addressOf))),
        distance(entity["distance_m"], context),
      ];
    case "districts":
      return [listed([label(known["level"]), named(known["parent"])])];
    case "organisations":
      return [listed([label(known["kind"]), known["town"] ?? ""])];
    case "measures":
      return [
        named(known["strategy"]),
        state(context.texts.decision, known["decision"]),
        state(context.texts.implementation, known["implementation"]),
      ];
    case "strategies":
      return [listed([label(known["kind"]), named(known["district"])])];
    case "indicators":
      return [listed([known["unit"] ?? "", ...labels(known["levels"])])];
    case "decisions":
      return [listed([named(known["body"]), label(known["result"])])];
    default:
      return [];
  }
}

export function listed(texts: readonly string[]): string {
  return texts.filter(Boolean).join(" · ");
}

export function label(term: Term | null | undefined): string {
  return term?.label ?? "";
}

export function labels(terms: readonly Term[] | null | undefined): string[] {
  return (terms ?? []).map(label);
}

export function named(entity: Named | null | undefined): string {
  return entity?.name ?? entity?.title ?? "";
}

function state(axis: string, term: Term | null | undefined): string {
  return term ? `${axis}: ${term.label}` : "";
}

export function addressOf(site: Site): string {
  const town = [site.postcode, site.town].filter(Boolean).join(" ");
  return [site.street, town].filter(Boolean).join(", ");
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

function distance(metres: unknown, { language, texts }: Context): string {
  if (typeof metres !== "number") return "";
  const far = metres >= 1000;
  const options = { style: "unit", unit: far ? "kilometer" : "meter", maximumFractionDigits: far ? 1 : 0 } as const;
  const said = (far ? metres / 1000 : Math.round(metres / 10) * 10).toLocaleString(spoken(language), options);
  return fill(texts.distance, { distance: said });
}
