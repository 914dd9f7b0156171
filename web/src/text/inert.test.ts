import { describe, expect, it } from "vitest";

import { pieces, scriptsOf, spelled } from "./inert";

const shown = (s: string) => pieces(s).map((p) => (p.kind === "text" ? p.text : p.kind === "mixed" ? `~${p.text}~` : `[${p.text}]`)).join("");

describe("pieces", () => {
  it("leaves plain text as one piece", () => {
    expect(pieces("refund order 7731\nnow")).toEqual([{ kind: "text", text: "refund order 7731\nnow" }]);
    expect(pieces("")).toEqual([]);
    expect(shown("Grüße, 你好, привет")).toBe("Grüße, 你好, привет");
  });
  it("keeps markup as text", () => {
    expect(shown("<script>alert(1)</script> [a](javascript:x) **b**")).toBe("<script>alert(1)</script> [a](javascript:x) **b**");
  });
  it("spells out terminal escapes, controls and invisible characters", () => {
    expect(shown("\u001b[31mred\u001b[0m")).toBe("[ESC][31mred[ESC][0m");
    expect(shown("a\u0000b\u0007c\rd")).toBe("a[U+0000]b[U+0007]c[U+000D]d");
    expect(shown("pay\u200bload \u{e0041}")).toBe("pay[U+200B]load [U+E0041]");
    expect(shown("\ud800x")).toBe("[U+D800]x");
  });
  it("spells out what changes the order of writing", () => {
    expect(shown("file\u202egpj.exe")).toBe("file[U+202E]gpj.exe");
    expect(shown("\u2066x\u2069")).toBe("[U+2066]x[U+2069]");
  });
  it("marks words of several scripts", () => {
    expect(shown("log in at p\u0430ypal today")).toBe("log in at ~p\u0430ypal~ today");
    expect(scriptsOf("paypal")).toEqual([]);
    expect(scriptsOf("\u043f\u0440\u0438\u0432\u0435\u0442")).toEqual([]);
    expect(scriptsOf("\u0391pple")).toEqual(["Latin", "Greek"]);
  });
  it("keeps joined emoji", () => {
    expect(shown("\u{1f469}\u200d\u{1f4bb} ok")).toBe("\u{1f469}\u200d\u{1f4bb} ok");
    expect(shown("a\u200db")).toBe("a[U+200D]b");
  });
  it("finds pseudonyms", () => {
    expect(pieces("mail pii:email:k1:163619adbc95c946 now")).toEqual([
      { kind: "text", text: "mail " },
      { kind: "pseudonym", text: "pii:email:k1:163619adbc95c946" },
      { kind: "text", text: " now" },
    ]);
  });
  it("loses nothing of what can be shown", () => {
    const all = Array.from({ length: 0x3000 }, (_, i) => String.fromCodePoint(i)).join("");
    const back = pieces(all).map((p) => (p.kind === "sign" ? String.fromCodePoint(p.text === "ESC" ? 0x1b : parseInt(p.text.slice(2), 16)) : p.text)).join("");
    expect(back).toBe(all);
  });
});

describe("spelled", () => {
  it("leaves no sign that a title or a label would obey", () => {
    expect(spelled("invoice\u202Efdp.exe \u001b[31m")).toBe("invoice[U+202E]fdp.exe [ESC][31m");
    expect(spelled("plain, Grüße")).toBe("plain, Grüße");
  });
});
