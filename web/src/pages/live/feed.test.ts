import { describe, expect, it } from "vitest";

import type { Entry } from "../../api/entry";
import { arrived, begun, emptyFeed, maxRows, released } from "./feed";

const some = (from: number, n: number) => Array.from({ length: n }, (_, i) => ({ position: from + i }) as Entry);
const positions = (list: Entry[]) => list.map((e) => e.position);

describe("feed", () => {
  it("shows the newest first", () => {
    const f = arrived(arrived(emptyFeed, some(1, 2), false), some(3, 2), false);
    expect(positions(f.rows)).toEqual([4, 3, 2, 1]);
  });
  it("does not move what is read while it is held, and loses nothing", () => {
    let f = arrived(emptyFeed, some(1, 3), false);
    const before = f.rows;
    f = arrived(arrived(f, some(4, 2), true), some(6, 1), true);
    expect(f.rows).toBe(before);
    expect(positions(f.waiting)).toEqual([6, 5, 4]);
    expect(positions(released(f).rows)).toEqual([6, 5, 4, 3, 2, 1]);
  });
  it("shows what waited before what comes after the hold", () => {
    const f = arrived(arrived(emptyFeed, some(1, 2), true), some(3, 1), false);
    expect(positions(f.rows)).toEqual([3, 2, 1]);
    expect(f.waiting).toEqual([]);
  });
  it("puts what was there before below", () => {
    const f = begun(arrived(emptyFeed, some(7, 2), false), some(5, 2).reverse());
    expect(positions(f.rows)).toEqual([8, 7, 6, 5]);
    expect(f.seen).toBe(4);
  });
  it("counts what came while it was held, also what it cannot hold", () => {
    const f = arrived(arrived(emptyFeed, some(1, maxRows), true), some(maxRows + 1, 10), true);
    expect(f.fresh).toBe(maxRows + 10);
    expect(released(f).fresh).toBe(0);
  });
  it("counts what it lets go", () => {
    const f = arrived(arrived(emptyFeed, some(1, maxRows), false), some(maxRows + 1, 10), false);
    expect(f.rows.length).toBe(maxRows);
    expect(f.gone).toBe(10);
    expect(f.seen).toBe(maxRows + 10);
    expect(f.rows[0]!.position).toBe(maxRows + 10);
  });
});
