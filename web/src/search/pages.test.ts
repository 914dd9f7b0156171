import { describe, expect, it } from "vitest";

import type { Entry } from "../api/entry";
import { keptPages, pageSize, PageStore } from "./pages";

const settle = () => new Promise((done) => setTimeout(done, 0));

/** result is a result of n rows, whose cursors are the numbers of pages; asked says which were read. */
function result(n: number) {
  const asked: number[] = [];
  const store = new PageStore(async (cursor) => {
    const p = Number(cursor ?? 0);
    asked.push(p);
    const rows = Math.max(0, Math.min(pageSize, n - p * pageSize));
    return { events: Array.from({ length: rows }, (_, i) => ({ position: p * pageSize + i }) as Entry), next_cursor: (p + 1) * pageSize < n ? String(p + 1) : undefined };
  });
  return { store, asked };
}

describe("PageStore", () => {
  it("reads in order and knows the end", async () => {
    const { store, asked } = result(1200);
    store.want(0, 40);
    await settle();
    expect(store.loaded).toEqual({ total: 501, complete: false });
    expect(store.row(499)?.position).toBe(499);
    store.want(480, 510);
    await settle();
    store.want(980, 1001);
    await settle();
    expect(store.loaded).toEqual({ total: 1200, complete: true });
    expect(asked).toEqual([0, 1, 2]);
    expect(store.row(1199)?.position).toBe(1199);
    expect(store.row(1200)).toBeUndefined();
  });
  it("keeps a bounded number of 100,000 rows and reads again what it let go", async () => {
    const { store, asked } = result(100_000);
    for (let at = 0; at < 100_000; at += 200) {
      store.want(at, at + 40);
      await settle();
    }
    expect(store.loaded).toEqual({ total: 100_000, complete: true });
    expect(asked.length).toBe(200);
    expect(store.row(0)).toBeUndefined();
    store.want(0, 40);
    await settle();
    expect(store.row(0)?.position).toBe(0);
    let kept = 0;
    for (let p = 0; p < 200; p++) if (store.row(p * pageSize)) kept++;
    expect(kept).toBeLessThanOrEqual(keptPages + 1);
  });
  it("stops at a failure until it is asked again", async () => {
    let fail = true;
    const store = new PageStore(async () => {
      if (fail) throw new Error("no answer");
      return { events: [] };
    });
    store.want(0, 10);
    await settle();
    expect(store.error).toBeInstanceOf(Error);
    store.want(0, 10);
    fail = false;
    store.again();
    store.want(0, 10);
    await settle();
    expect(store.error).toBeUndefined();
    expect(store.loaded).toEqual({ total: 0, complete: true });
  });
});
