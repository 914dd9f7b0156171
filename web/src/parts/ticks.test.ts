import { describe, expect, it } from "vitest";

import { ticks } from "./ticks";

const at = (s: string) => Date.parse(s);
const texts = (a: string, b: string, most: number) => ticks(at(a), at(b), most, "utc").map((t) => t.text);

describe("ticks", () => {
  it("are midnights where days are shown, and each day once", () => {
    expect(texts("2026-11-19T11:02:00Z", "2026-11-26T11:02:00Z", 9)).toEqual(["11-20", "11-21", "11-22", "11-23", "11-24", "11-25", "11-26"]);
  });
  it("are full hours, and say the day where it changes", () => {
    expect(texts("2026-11-25T11:02:00Z", "2026-11-26T11:02:00Z", 9)).toEqual(["11-25 12:00", "15:00", "18:00", "21:00", "11-26", "03:00", "06:00", "09:00"]);
  });
  it("are times alone within a day, to the second where it takes those", () => {
    expect(texts("2026-11-25T11:02:00Z", "2026-11-25T11:40:00Z", 5)).toEqual(["11:10", "11:20", "11:30", "11:40"]);
    expect(texts("2026-11-25T11:02:01Z", "2026-11-25T11:02:18Z", 5)).toEqual(["11:02:05", "11:02:10", "11:02:15"]);
  });
  it("are few, whatever the span", () => {
    for (const to of ["2026-11-25T11:02:00.001Z", "2026-12-25T00:00:00Z", "2046-12-25T00:00:00Z"]) expect(texts("2026-11-25T11:02:00Z", to, 8).length).toBeLessThanOrEqual(10);
  });
});
