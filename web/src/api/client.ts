import createClient, { type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema";
import { Tagged } from "./tagged";

/** Problem is an error answer (RFC 9457), or what kept an answer away. */
export class Problem extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    readonly status: number,
    readonly hint?: string,
    readonly requestId?: string,
  ) {
    super(detail || title);
  }
}

/** problemOf reads an error answer; body is what was decoded of it. */
export function problemOf(status: number, body: unknown): Problem {
  const b = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (key: string) => (typeof b[key] === "string" ? (b[key] as string) : undefined);
  return new Problem(text("title") ?? `status ${status}`, text("detail") ?? "", status, text("hint"), text("request_id"));
}

/** toLogin opens the login page, which comes back to where we are. */
export function toLogin() {
  if (location.pathname === "/login") return;
  const next = location.pathname + location.hash;
  location.assign("/login#" + new URLSearchParams({ next }).toString());
}

const login: Middleware = {
  onResponse({ response }) {
    if (response.status === 401) toLogin();
    return undefined;
  },
};

/** api calls the server, typed by its own OpenAPI document. */
export const api = createClient<paths>({ baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin });
api.use(login);

const tagged = new Tagged();

export type Schemas = components["schemas"];

/** answer returns what a call answered, or throws its Problem. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let got: { data?: T; error?: unknown; response: Response };
  try {
    got = await call;
  } catch (err) {
    if (err instanceof DOMException && err.name === "AbortError") throw err;
    throw new Problem("no answer", "the server did not answer", 0, "is it still running? this page asks again by itself");
  }
  if (!got.response.ok) throw problemOf(got.response.status, got.error);
  return got.data as T;
}

/** plain calls a route that the typed client has no shape for. */
export async function plain<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const had = method === "GET" ? tagged.find(path) : undefined;
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (had) headers["If-None-Match"] = had.tag;
  // No store: what is on record stays out of the browser's own cache, which is on a disk.
  const call = fetch(path, { method, signal, headers, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body) }).then(async (response) => {
    if (response.status === 304 && had) return { data: had.answer as T, response: new Response() };
    if (response.status === 401) toLogin();
    const json = /json/.test(response.headers.get("Content-Type") ?? "") ? await response.json() : await response.text();
    tagged.keep(path, response.headers.get("ETag"), json);
    return { data: json as T, error: json as unknown, response };
  });
  return answer(call);
}
