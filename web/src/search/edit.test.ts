import { describe, expect, it } from "vitest";

import { added, byteAt, has, inserted, placeAt, removed, term, terms, toggled } from "./edit";

describe("terms", () => {
  it("keeps quotes and parentheses together", () => {
    expect(terms('agent:billing  status:(error OR timeout) "free text" error:"a \\" b" x')).toEqual(
      ["agent:billing", "status:(error OR timeout)", '"free text"', 'error:"a \\" b"', "x"]);
    expect(terms("  ")).toEqual([]);
    expect(terms('"open')).toEqual(['"open']);
  });
});

describe("editing", () => {
  it("adds, removes and toggles", () => {
    expect(added("agent:a", "status:error")).toBe("agent:a status:error");
    expect(added("agent:a", "agent:a")).toBe("agent:a");
    expect(added("*", "agent:a")).toBe("agent:a");
    expect(added("-tier:debug", "tier:debug")).toBe("tier:debug");
    expect(added("tier:debug x", "-tier:debug")).toBe("x -tier:debug");
    expect(removed("agent:a status:error", "agent:a")).toBe("status:error");
    expect(toggled(toggled("x", "agent:a"), "agent:a")).toBe("x");
  });
  it("keeps an OR in parentheses", () => {
    expect(added("agent:a OR agent:b", "status:error")).toBe("(agent:a OR agent:b) status:error");
    expect(has("(agent:a OR agent:b) status:error", "status:error")).toBe(true);
  });
  it("quotes what needs quotes", () => {
    expect([term("a", "plain-1.2"), term("a", "two words"), term("a", 'q"\\'), term("a", ""), term("a", "OR"), term("a", "-x"), term("a", "x*")]).toEqual(
      ["a:plain-1.2", 'a:"two words"', 'a:"q\\"\\\\"', 'a:""', 'a:"OR"', 'a:"-x"', 'a:"x*"']);
  });
});

describe("completion", () => {
  it("counts in bytes", () => {
    expect(byteAt("aé😀b", 4)).toBe(7);
    expect(placeAt("aé😀b", 7)).toBe(4);
    expect(placeAt("abc", 99)).toBe(3);
  });
  it("replaces what was typed", () => {
    expect(inserted("ag", 0, 2, "agent:")).toEqual({ q: "agent:", cursor: 6 });
    expect(inserted("agent:bil x", 6, 9, "billing")).toEqual({ q: "agent:billing x", cursor: 13 });
    expect(inserted("agent:bil", 6, 9, "billing")).toEqual({ q: "agent:billing ", cursor: 14 });
  });
});
