// Asks the registry. What cannot be had anew comes from the browser's own cache, marked as such.

export interface Term {
  code: string;
  label: string;
}

export interface Source {
  attribution: string | null;
  license: string | null;
  license_url: string | null;
}

/** An entity of any resource: which members it has depends on the resource. */
export type Entity = Record<string, unknown> & { id: string; slug?: string; lang?: string };

export interface List {
  items: Entity[];
  total?: number;
  sequence: number;
  attribution: string[];
  license: string | null;
  facets?: Record<string, { value: string; label: string; count: number }[]>;
  links: { rel: string; href: string }[];
}

export interface Answer<Body> {
  body: Body;
  url: string;
  /** From the cache, because the registry could not be asked. */
  stale: boolean;
  modified: Date | undefined;
}

export type Reason = "away" | "refused" | "missing" | "foreign";

/** Why there is no answer: nobody answers, the question is refused, no such entity, no registry. */
export class Failure extends Error {
  constructor(
    readonly reason: Reason,
    readonly url: string,
    readonly status: number,
    readonly detail: string,
    readonly parameters: readonly string[] = [],
  ) {
    super(detail || reason);
  }
}

const PATIENCE = 15_000;

export async function ask<Body>(url: string, signal: AbortSignal): Promise<Answer<Body>> {
  return answered(url, signal, "application/json", (response) => json<Body>(response, url));
}

export async function askText(url: string, signal: AbortSignal): Promise<Answer<string>> {
  return answered(url, signal, "text/html", async (response) => {
    if (!response.headers.get("content-type")?.startsWith("text/html")) throw foreign(url, response);
    return response.text();
  });
}

async function answered<Body>(
  url: string,
  signal: AbortSignal,
  accept: string,
  read: (response: Response) => Promise<Body>,
): Promise<Answer<Body>> {
  try {
    return await once(url, signal, accept, read, "default");
  } catch (failure) {
    if (signal.aborted || !(failure instanceof Failure) || failure.reason !== "away") throw failure;
    try {
      return { ...(await once(url, signal, accept, read, "force-cache")), stale: true };
    } catch {
      throw failure;
    }
  }
}

async function once<Body>(
  url: string,
  signal: AbortSignal,
  accept: string,
  read: (response: Response) => Promise<Body>,
  cache: RequestCache,
): Promise<Answer<Body>> {
  const response = await sent(url, signal, accept, cache);
  if (!response.ok) throw await refusal(url, response);
  const modified = response.headers.get("last-modified");
  return {
    body: await read(response),
    url,
    stale: false,
    modified: modified ? new Date(modified) : undefined,
  };
}

async function sent(url: string, signal: AbortSignal, accept: string, cache: RequestCache): Promise<Response> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  try {
    return await fetch(url, { signal: limited, cache, credentials: "omit", headers: { accept } });
  } catch (error) {
    throw new Failure("away", url, 0, String(error));
  }
}

async function refusal(url: string, response: Response): Promise<Failure> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("application/problem+json")) {
    return response.status >= 500 ? new Failure("away", url, response.status, "") : foreign(url, response);
  }
  const problem = (await response.json()) as { detail?: string; errors?: { parameter?: string }[] };
  const parameters = (problem.errors ?? []).flatMap((error) => error.parameter ?? []);
  const reason = reasonOf(response.status);
  return new Failure(reason, url, response.status, problem.detail ?? "", parameters);
}

function reasonOf(status: number): Reason {
  if (status >= 500 || status === 429) return "away";
  return status === 404 || status === 410 ? "missing" : "refused";
}

async function json<Body>(response: Response, url: string): Promise<Body> {
  if (!response.headers.get("content-type")?.includes("json")) throw foreign(url, response);
  const body = (await response.json()) as Body & { items?: unknown; features?: unknown; id?: unknown };
  if (!(body.items ?? body.features ?? body.id)) throw foreign(url, response);
  return body;
}

function foreign(url: string, response: Response): Failure {
  return new Failure("foreign", url, response.status, `What answers at ${url} is no registry`);
}

/** Where a link of the registry may lead; anything else is no link. */
export function safeUrl(text: unknown): string | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return ["http:", "https:", "mailto:", "tel:"].includes(url.protocol) ? url.href : undefined;
}
