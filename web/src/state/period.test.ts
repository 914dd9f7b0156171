import { describe, expect, it } from "vitest";

import { changed } from "./fragment";
import { asked, before, millisOf, rangeOf } from "./period";

const now = new Date("2026-11-26T06:00:00Z");

describe("period", () => {
  it("reads spans", () => {
    expect([millisOf("15m"), millisOf("7d"), millisOf("yesterday"), millisOf("x")]).toEqual([900_000, 604_800_000, undefined, undefined]);
  });
  it("becomes instants", () => {
    expect(rangeOf({ since: "1h", until: "" }, now)).toEqual({ start: new Date("2026-11-26T05:00:00Z"), end: now });
    expect(rangeOf({ since: "all", until: "" }, now)).toEqual({ start: undefined, end: now });
  });
  it("has one before it of the same length", () => {
    expect(before({ since: "1h", until: "" }, now)).toEqual({ since: "2026-11-26T04:00:00.000Z", until: "2026-11-26T05:00:00.000Z" });
    expect(before({ since: "all", until: "" }, now)).toBeUndefined();
  });
  it("is asked for by name, and all by none", () => {
    expect(asked({ since: "all", until: "" })).toEqual({});
    expect(asked({ since: "24h", until: "" })).toEqual({ since: "24h" });
  });
});

describe("fragment", () => {
  it("changes what is named and keeps the rest", () => {
    expect(changed("#q=a+b&since=1h", { since: null, event: "x&y" })).toBe("q=a+b&event=x%26y");
  });
});
