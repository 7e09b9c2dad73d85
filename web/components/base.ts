// What all elements share: where the registry is, what was asked, the last answer, and what to say
// while there is none.
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Failure, safeUrl, type Answer, type Entity, type Source } from "./api.js";
import { ALL_FILTERS, nearest } from "./filters.js";
import { shared } from "./styles.js";
import { fill, spoken, texts, type Texts } from "./texts.js";

/** This script is at <registry>/embed/…: the registry is one folder up. */
const HOME = new URL("..", import.meta.url).href;

/** Attributes that any element may have. */
const GLOBAL =
  /^(id|class|style|slot|part|exportparts|title|role|hidden|dir|tabindex|lang|nonce|is|inert|popover|translate|draggable|spellcheck|contenteditable|accesskey|item\w+|(data|aria|xml|on).*)$/;

export interface LoadDetail {
  resource: string;
  total: number | undefined;
  shown: number;
  sequence: number | undefined;
  url: string;
  stale: boolean;
}

export interface SelectDetail {
  resource: string;
  id: string;
  slug: string | undefined;
  name: string;
  href: string;
}

export interface ErrorDetail {
  reason: string;
  url: string;
  status: number;
  message: string;
  kept: boolean;
}

export abstract class QuartierElement<Body> extends LitElement {
  static override styles = [shared];
  static override properties = {
    src: { type: String },
    answer: { state: true },
    failure: { state: true },
    missing: { state: true },
  };
  /** Attributes of the element besides `src`, `lang` and its filters. */
  static own: readonly string[] = [];

  declare src: string | null;
  /** The last one: it stays until there is a newer one. */
  declare protected answer: Answer<Body> | undefined;
  declare protected failure: Failure | undefined;
  /** The attribute without which there is nothing to ask. */
  declare protected missing: string | undefined;

  #running: AbortController | undefined;
  #planned = false;
  /** The questions, without regard to pages, that are asked and that the answer is one to. */
  #asked = "";
  #answered = "";

  static override get observedAttributes(): string[] {
    return [...super.observedAttributes, "lang", ...this.own, ...ALL_FILTERS];
  }

  /** The filters that are understood now. */
  protected abstract filters(): readonly string[];

  /** Path and query of what to ask, or the name of the attribute that says too little. */
  protected abstract question(): { path: string; query: URLSearchParams } | { missing: string };

  protected abstract fetch(url: string, signal: AbortSignal): Promise<Answer<Body>>;

  protected abstract content(body: Body): TemplateResult;

  protected abstract detail(answer: Answer<Body>): LoadDetail;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#warn();
    this.reload();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#running?.abort();
  }

  override attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    super.attributeChangedCallback(name, before, value);
    if (before !== value && this.isConnected) this.reload();
  }

  /** Ask anew. Several changes at once lead to one question. */
  reload(): void {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      if (this.isConnected) void this.#start();
    });
  }

  async #start(): Promise<void> {
    const question = this.question();
    this.missing = "missing" in question ? question.missing : undefined;
    if ("missing" in question) return;
    const query = this.withLanguage(question.query);
    this.#asked = this.address(question.path, query);
    await this.load(this.#asked);
  }

  /** Ask for this address, and show what comes. */
  protected async load(url: string): Promise<void> {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    try {
      const answer = await this.#fetched(url, running.signal);
      if (running.signal.aborted) return;
      this.failure = undefined;
      this.answer = answer;
      this.#answered = this.#asked;
      this.tell("quartier-load", this.detail(answer));
    } catch (error) {
      if (running.signal.aborted) return;
      this.#fail(error instanceof Failure ? error : new Failure("away", url, 0, String(error)));
    }
  }

  /** A registry need not publish the page's language; then it chooses one itself. */
  async #fetched(url: string, signal: AbortSignal): Promise<Answer<Body>> {
    try {
      return await this.fetch(url, signal);
    } catch (error) {
      if (!(error instanceof Failure && error.parameters.includes("lang"))) throw error;
      if (this.getAttribute("lang")) throw error;
      const without = new URL(url);
      without.searchParams.delete("lang");
      return this.fetch(without.href, signal);
    }
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    if (this.#answered !== this.#asked) this.answer = undefined;
    console.error(`<${this.localName}>: ${failure.message} (${failure.url})`);
    this.tell<ErrorDetail>("quartier-error", {
      reason: failure.reason,
      url: failure.url,
      status: failure.status,
      message: failure.message,
      kept: this.answer !== undefined,
    });
  }

  protected tell<Detail>(type: string, detail: Detail): boolean {
    const options = { detail, bubbles: true, composed: true, cancelable: true };
    return this.dispatchEvent(new CustomEvent<Detail>(type, options));
  }

  /** A page that handles the choice itself prevents the event's default: the link is not followed. */
  protected select(event: Event, detail: SelectDetail): void {
    if (!this.tell("quartier-select", detail)) event.preventDefault();
  }

  #warn(): void {
    const own = (this.constructor as typeof QuartierElement).own;
    const known = ["src", ...own, ...this.filters()];
    for (const { name } of this.attributes) {
      if (known.includes(name) || GLOBAL.test(name)) continue;
      const meant = nearest(name, known);
      const hint = meant ? `did you mean "${meant}"?` : `it knows ${known.join(", ")}`;
      console.warn(`<${this.localName}>: attribute "${name}" is passed over; ${hint}`);
    }
  }

  get base(): string {
    const base = new URL(this.src || HOME, document.baseURI).href;
    return base.replace(/[?#].*$/, "").replace(/\/+$/, "");
  }

  /** Where the registry shows it to people, or with a path of the API where it answers. */
  protected address(path: string, query?: URLSearchParams): string {
    const asked = query?.toString();
    return `${this.base}${path}${asked ? `?${asked}` : ""}`;
  }

  /** Of the element, or of the part of the page that it is in. */
  protected get language(): string {
    return this.closest("[lang]")?.getAttribute("lang") || navigator.language;
  }

  protected withLanguage(query: URLSearchParams): URLSearchParams {
    const whole = new URLSearchParams(query);
    whole.set("lang", this.getAttribute("lang") || spoken(this.language));
    return whole;
  }

  protected get texts(): Texts {
    return texts(this.language);
  }

  protected say(name: keyof Texts, values: Record<string, string | number> = {}): string {
    return fill(this.texts[name], values);
  }

  protected number(value: number, options: Intl.NumberFormatOptions = {}): string {
    return value.toLocaleString(spoken(this.language), options);
  }

  override updated(changed: PropertyValues): void {
    super.updated(changed);
    this.toggleAttribute("data-loaded", this.answer !== undefined);
  }

  override render(): TemplateResult {
    return html`<div part="container" lang=${spoken(this.language)}>
      ${this.note()}${this.answer ? this.content(this.answer.body) : this.#fallback()}
    </div>`;
  }

  /** What the page put into the element, or that there will be something. */
  #fallback(): TemplateResult {
    const waits = !this.failure && !this.missing;
    return html`<slot>${waits ? this.texts.loading : nothing}</slot>`;
  }

  /** Says what is wrong; what the page itself put into the element stays to be seen. */
  protected note(): TemplateResult | typeof nothing {
    if (this.missing) return this.#note(html`${this.texts.unnamed} <code>${this.missing}</code>`);
    if (this.failure && !this.answer) return this.#note(this.#explanation(this.failure));
    if (this.failure || this.answer?.stale) return this.#note(this.#ageText());
    return nothing;
  }

  #note(said: unknown): TemplateResult {
    return html`<p class="note" part="note" role="status">
      ${said}
      ${this.failure?.reason === "away" || this.answer?.stale
        ? html`<button part="button" @click=${() => this.reload()}>${this.texts.retry}</button>`
        : nothing}
    </p>`;
  }

  #explanation(failure: Failure): TemplateResult {
    const [text, detail] = {
      away: [this.texts.away, ""],
      missing: [this.texts.missing, ""],
      refused: [this.texts.refused, failure.detail],
      foreign: [this.texts.foreign, this.base],
    }[failure.reason];
    return html`${text} ${detail ? html`<bdi>${shortened(detail)}</bdi>` : nothing}`;
  }

  #ageText(): string {
    const failure = this.failure;
    if (failure && failure.reason !== "away") return `${this.texts.refused} ${shortened(failure.detail)}`;
    const date = this.answer?.modified;
    if (!date) return this.texts.staleUndated;
    const options = { dateStyle: "long", timeStyle: "short" } as const;
    return this.say("stale", { date: date.toLocaleString(spoken(this.language), options) });
  }

  /** Who the data are from and how they may be used, with a way to the registry. */
  protected credits(entities: readonly Entity[], more: string, others: readonly string[] = []): TemplateResult {
    const sources = entities.flatMap((entity) => (entity["source"] as Source | undefined) ?? []);
    const attribution = [...new Set([...sources.map((source) => source.attribution ?? ""), ...others])];
    const licences = new Map(sources.map((source) => [source.license ?? "", source.license_url]));
    return html`<footer part="attribution">
      ${joined(this.texts.source, attribution.filter(Boolean).map((text) => html`<bdi>${shortened(text)}</bdi>`))}
      ${joined(this.texts.licence, [...licences].filter(([name]) => name).map(([name, url]) => link(name, url)))}
      <p><a part="more" href=${more}>${this.texts.all}</a></p>
    </footer>`;
  }
}

function joined(label: string, texts: readonly TemplateResult[]): TemplateResult | typeof nothing {
  if (!texts.length) return nothing;
  const listed = texts.map((text, index) => html`${index ? "; " : ""}${text}`);
  if (texts.length <= FEW) return html`<p>${label}: ${listed}</p>`;
  return html`<details><summary>${label} (${texts.length})</summary><p>${listed}</p></details>`;
}

const FEW = 4;

export function link(text: string, url: unknown): TemplateResult {
  const href = safeUrl(url);
  return href ? html`<a href=${href}><bdi>${shortened(text)}</bdi></a>` : html`<bdi>${shortened(text)}</bdi>`;
}

const LONGEST = 300;

/** A name of ten thousand characters helps nobody, and would push all others off the page. */
export function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST).trimEnd()}…` : text;
}
