/**
 * What agents say is shown and never obeyed: no markup, no escapes, no order of
 * writing. Signs that would be invisible, or would make text look like something
 * else, are spelled out.
 */
export type Piece =
  | { kind: "text"; text: string }
  | { kind: "sign"; text: string; name: string } // spelled-out control or format character
  | { kind: "mixed"; text: string; scripts: string[] } // a word of several scripts
  | { kind: "pseudonym"; text: string };

const signs: Record<number, string> = {
  0x00ad: "soft hyphen",
  0x061c: "Arabic letter mark",
  0x180e: "Mongolian vowel separator",
  0x200b: "zero width space",
  0x200c: "zero width non-joiner",
  0x200d: "zero width joiner",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x2028: "line separator",
  0x2029: "paragraph separator",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "pop directional formatting",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x2060: "word joiner",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "pop directional isolate",
  0xfeff: "zero width no-break space",
};

/** signOf names a character that must be spelled out, or returns "". */
export function signOf(code: number): string {
  if (code === 0x09 || code === 0x0a) return "";
  if (code === 0x1b) return "escape (terminal control)";
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return "control character";
  if (code >= 0xe0000 && code <= 0xe007f) return "tag character (invisible)";
  if ((code >= 0xfe00 && code <= 0xfe0e) || (code >= 0xe0100 && code <= 0xe01ef)) return "variation selector (invisible)";
  if (code >= 0xfff9 && code <= 0xfffb) return "interlinear annotation";
  return signs[code] ?? "";
}

const latin = /\p{Script=Latin}/u;
const others: [string, RegExp][] = [
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Armenian", /\p{Script=Armenian}/u],
  ["Cherokee", /\p{Script=Cherokee}/u],
];

/** scriptsOf returns the scripts of a word that look alike and are mixed in it; none if it has one. */
export function scriptsOf(word: string): string[] {
  const found = others.filter(([, re]) => re.test(word)).map(([name]) => name);
  if (latin.test(word)) found.unshift("Latin");
  return found.length > 1 ? found : [];
}

const pseudonym = /pii:[a-z_]+:[A-Za-z0-9]+:[0-9a-f]{16}/y;

/** maxInert bounds what one element shows, in characters; the rest is asked for. */
export const maxInert = 20_000;

const joinsEmoji = (before: string, after: string) => /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f/u.test(before) && /\p{Extended_Pictographic}/u.test(after);

/** pieces splits text into what is shown as it is and what is spelled out. */
export function pieces(text: string): Piece[] {
  // The common case, plain ASCII without controls, is one piece.
  if (/^[\x20-\x7e\n\t]*$/.test(text) && !text.includes("pii:")) return text === "" ? [] : [{ kind: "text", text }];
  const out: Piece[] = [];
  let plain = "";
  const flush = () => {
    if (plain === "") return;
    for (const part of plain.split(/([\p{L}\p{M}\p{N}_]+)/u)) {
      if (part === "") continue;
      const scripts = scriptsOf(part);
      const last = out[out.length - 1];
      if (scripts.length > 0) out.push({ kind: "mixed", text: part, scripts });
      else if (last?.kind === "text") last.text += part;
      else out.push({ kind: "text", text: part });
    }
    plain = "";
  };
  for (let i = 0; i < text.length; ) {
    if (text.startsWith("pii:", i)) {
      pseudonym.lastIndex = i;
      const m = pseudonym.exec(text);
      if (m) {
        flush();
        out.push({ kind: "pseudonym", text: m[0] });
        i += m[0].length;
        continue;
      }
    }
    const code = text.codePointAt(i)!;
    const char = String.fromCodePoint(code);
    const name = lone(code) ? "half of a character" : signOf(code);
    const next = String.fromCodePoint(text.codePointAt(i + char.length) ?? 0x20);
    if (name !== "" && !(code === 0x200d && joinsEmoji(Array.from(plain).at(-1) ?? "", next))) {
      flush();
      out.push({ kind: "sign", text: code === 0x1b ? "ESC" : "U+" + code.toString(16).toUpperCase().padStart(4, "0"), name });
    } else plain += char;
    i += char.length;
  }
  flush();
  return out;
}

const lone = (code: number) => code >= 0xd800 && code <= 0xdfff;

/** spelled is text for where only plain text can stand, such as titles and labels: signs are spelled out in brackets. */
export const spelled = (text: string): string => pieces(text).map((p) => (p.kind === "sign" ? `[${p.text}]` : p.text)).join("");
