import { describe, expect, it } from "vitest";

import { folded, type DiffStep } from "./diff";

const steps = (s: string) => [...s].map((c) => ({ change: c === "=" ? "same" : c === "~" ? "changed" : "only_a" }) as DiffStep);

describe("folded", () => {
  it("folds long runs that are the same, and opens them", () => {
    expect(folded(steps("=~====-=="), new Set())).toEqual([{ step: 0 }, { step: 1 }, { same: 4, from: 2 }, { step: 6 }, { step: 7 }, { step: 8 }]);
    expect(folded(steps("==="), new Set([0]))).toEqual([{ step: 0 }, { step: 1 }, { step: 2 }]);
    expect(folded([], new Set())).toEqual([]);
  });
});
