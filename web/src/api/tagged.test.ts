import { afterEach, describe, expect, it, vi } from "vitest";

import { plain } from "./client";
import { ask } from "./search";
import { Tagged } from "./tagged";

afterEach(() => vi.unstubAllGlobals());

/** served answers calls one after the other, and returns what was called. */
function served(...answers: { status: number; tag?: string; body?: unknown }[]) {
  const calls: { url: string; init: RequestInit }[] = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    calls.push({ url, init });
    const a = answers.shift()!;
    const headers = new Headers({ "Content-Type": "application/json" });
    if (a.tag) headers.set("ETag", a.tag);
    return Promise.resolve(new Response(a.status === 304 ? null : JSON.stringify(a.body), { status: a.status, headers }));
  });
  return calls;
}

const tagOf = (c: { init: RequestInit }) => (c.init.headers as Record<string, string>)["If-None-Match"];

describe("answers with tags", () => {
  it("are the same object while they hold", async () => {
    const calls = served({ status: 200, tag: 'W/"a"', body: { n: 1 } }, { status: 304, tag: 'W/"a"' }, { status: 200, tag: 'W/"b"', body: { n: 2 } }, { status: 200, body: { n: 3 } }, { status: 200, body: { n: 4 } });
    const first = await plain("GET", "/v1/x");
    expect(await plain("GET", "/v1/x")).toBe(first);
    expect(await plain("GET", "/v1/x")).toEqual({ n: 2 });
    await plain("GET", "/v1/x"); // has no tag any more
    await plain("GET", "/v1/x");
    expect(calls.map(tagOf)).toEqual([undefined, 'W/"a"', 'W/"a"', 'W/"b"', undefined]);
    expect(calls.every((c) => c.init.cache === "no-store")).toBe(true);
  });

  it("are of one address, and never of what is posted", async () => {
    const calls = served({ status: 200, tag: 'W/"a"', body: {} }, { status: 200, tag: 'W/"p"', body: {} }, { status: 200, body: {} }, { status: 200, body: {} });
    await plain("GET", "/v1/y");
    await plain("POST", "/v1/y", {});
    await plain("POST", "/v1/y", {});
    await plain("GET", "/v1/y?z=1");
    expect(calls.map(tagOf)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("are kept of a few", () => {
    const t = new Tagged();
    const answers = Array.from({ length: 60 }, () => ({}));
    answers.forEach((a, i) => t.keep(`/${i}`, "t", a));
    expect(t.find("/0")).toBeUndefined();
    expect(t.find("/59")?.answer).toBe(answers[59]);
  });
});

describe("a question", () => {
  it("is posted where it looks for something, and else is in the URL", async () => {
    const calls = served({ status: 200, body: {} }, { status: 200, body: {} }, { status: 200, body: {} });
    const period = { since: "24h", until: "" };
    await ask("/v1/events", "/v1/events/search", { q: "user:ada@example.com", period }, { limit: 5 });
    await ask("/v1/events", "/v1/events/search", { q: "", value: "ada@example.com", period }, { limit: 5 });
    await ask("/v1/events/facets", "/v1/events/facets", { q: "", period }, { fields: ["model", "agent_name"] });
    expect(calls.map((c) => `${c.init.method} ${c.url} ${c.init.body as string}`)).toEqual([
      'POST /v1/events/search {"q":"user:ada@example.com","since":"24h","limit":5}',
      'POST /v1/events/search {"value":"ada@example.com","since":"24h","limit":5}',
      "GET /v1/events/facets?since=24h&fields=model%2Cagent_name undefined",
    ]);
  });
});
