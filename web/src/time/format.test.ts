import { describe, expect, it } from "vitest";

import { ago, clock, duration, offset, stamp } from "./format";

const t = new Date("2026-11-23T14:05:09.070Z");

describe("times", () => {
  it("are in UTC where asked", () => {
    expect(stamp(t, "utc")).toBe("2026-11-23 14:05:09");
    expect(clock(t, "utc")).toBe("14:05:09.070");
    expect(offset(t, "utc")).toBe("UTC");
  });
  it("are in the reader's zone", () => {
    const local = new Date(2026, 10, 23, 1, 2, 3, 4);
    expect(clock(local, "local")).toBe("01:02:03.004");
    expect(stamp(local, "local")).toBe("2026-11-23 01:02:03");
  });
  it("say how long ago", () => {
    const at = (s: number) => ago(new Date(t.getTime() - s * 1000), t);
    expect([at(5), at(90), at(7200), at(200_000), at(-30)]).toEqual(["5 s ago", "1 min ago", "2 h ago", "2 d ago", "in 30 s"]);
  });
});

describe("durations", () => {
  it("read as people read them", () => {
    const got = [0, 0.25, 340, 999.6, 1234, 59_949, 59_960, 123_000, 11_040_000, -5].map((ms) => duration(ms));
    expect(got).toEqual(["0ms", "0.25ms", "340ms", "1.0s", "1.2s", "59.9s", "1m00s", "2m03s", "3h04m", "−5ms"]);
    expect(duration(undefined)).toBe("");
  });
});
