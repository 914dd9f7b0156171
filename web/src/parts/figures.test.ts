import { describe, expect, it } from "vitest";

import { against, bytes, compact, count, dollars, percent, rate } from "./figures";

describe("figures", () => {
  it("say what is unknown", () => {
    expect([count(null), compact(undefined), dollars(null), percent(0, 0), rate(undefined), bytes(null)]).toEqual(
      ["unknown", "unknown", "unpriced", "unknown", "unknown", "unknown"]);
  });
  it("are short and exact enough", () => {
    expect([compact(9999), compact(12_345), compact(4_500_000), dollars(0.0267318), dollars(12.3), dollars(1234.5), dollars(0.000375)]).toEqual(
      ["9,999", "12.3k", "4.5M", "$0.0267", "$12.30", "$1,235", "$0.000375"]);
    expect([rate(0.001), rate(1.234), rate(2000), percent(4, 55), bytes(2048)]).toEqual(["3.6/h", "1.23/s", "2,000/s", "7.3%", "2.0 KiB"]);
  });
  it("compare with before", () => {
    expect([against(12, 10), against(5, 10), against(1, 0), against(0, 0), against(1, null), against(10, 10)]).toEqual(
      ["+20% on before", "−50% on before", "none before", "as before", "", "as before"]);
  });
});
