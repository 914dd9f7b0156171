/**
 * Checks a C2SP tlog-proof in the browser: the entry's leaf, its content, the way
 * to the root (RFC 6962, section 2.1.1), and the signature of the checkpoint
 * (C2SP signed-note, Ed25519). It needs the proof and the log's verifier key and
 * trusts no answer of the server beyond them.
 */
export interface Step {
  name: string;
  says: string;
  /** ok: it holds; bad: it does not; open: it cannot be said here. */
  verdict: "ok" | "bad" | "open";
  hashes?: { label: string; value: string }[];
}

/** Proof is a parsed proof. */
export interface Proof {
  leaf: Uint8Array;
  salt?: Uint8Array;
  content?: Uint8Array;
  index: number;
  hashes: Uint8Array[];
  checkpoint: string;
}

const utf8 = new TextEncoder();
const text = (b: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(b);

function fromBase64(s: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(s) || s.length % 4 !== 0) throw new Error("not base64");
  const binary = atob(s);
  if (btoa(binary) !== s) throw new Error("not canonical base64");
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

export const hex = (b: Uint8Array) => Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");

function fromHex(s: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(s)) throw new Error("not hexadecimal");
  return Uint8Array.from(s.match(/../g) ?? [], (x) => parseInt(x, 16));
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

const sha256 = async (...parts: Uint8Array[]) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((x, i) => x === b[i]);

/** parse reads a proof. It checks nothing but the form. */
export function parse(proof: string): Proof {
  const header = "c2sp.org/tlog-proof@v1\n";
  if (!proof.startsWith(header)) throw new Error("this is not a proof: its first line is not c2sp.org/tlog-proof@v1");
  const end = proof.indexOf("\n\n");
  if (end < 0) throw new Error("the proof has no empty line before the checkpoint");
  const [extra, index, ...rest] = proof.slice(header.length, end).split("\n");
  if (!extra?.startsWith("extra ")) throw new Error("the proof has no extra line");
  if (!/^index (0|[1-9][0-9]{0,15})$/.test(index ?? "")) throw new Error("the proof has no index line");
  if (rest.length > 64) throw new Error("the proof has more than 64 hashes");
  const hashes = rest.map((line) => fromBase64(line));
  if (hashes.some((h) => h.length !== 32)) throw new Error("a hash of the proof is not 32 bytes");
  return { ...parseExtra(fromBase64(extra.slice("extra ".length))), index: Number(index!.slice("index ".length)), hashes, checkpoint: proof.slice(end + 2) };
}

function parseExtra(b: Uint8Array): Pick<Proof, "leaf" | "salt" | "content"> {
  const first = b.indexOf(10);
  if (first < 0) return { leaf: b };
  const second = b.indexOf(10, first + 1);
  if (second < 0) throw new Error("the proof has a salt and no content");
  return { leaf: b.subarray(0, first), salt: fromHex(text(b.subarray(first + 1, second))), content: b.subarray(second + 1) };
}

interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
  signed: string;
  signatures: { name: string; bytes: Uint8Array }[];
}

function parseCheckpoint(note: string): Checkpoint {
  const cut = note.lastIndexOf("\n\n");
  if (cut < 0) throw new Error("the checkpoint is not signed");
  const signed = note.slice(0, cut + 1);
  const [origin, size, root] = signed.split("\n");
  if (!origin || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? "")) throw new Error("the checkpoint is malformed");
  const signatures = note.slice(cut + 2).split("\n").filter(Boolean).map((line) => {
    const m = /^— (\S+) (\S+)$/.exec(line);
    if (!m) throw new Error("a signature of the checkpoint is malformed");
    return { name: m[1]!, bytes: fromBase64(m[2]!) };
  });
  return { origin, size: Number(size), root: fromBase64(root ?? ""), signed, signatures };
}

/** climb follows the proof from a leaf to the root; undefined when its length does not fit. */
export async function climb(leaf: Uint8Array, index: number, size: number, hashes: Uint8Array[]): Promise<{ root: Uint8Array; steps: { left: boolean; with: Uint8Array; is: Uint8Array }[] } | undefined> {
  if (index < 0 || index >= size) return undefined;
  let fn = BigInt(index);
  let sn = BigInt(size) - 1n;
  let r = leaf;
  const steps = [];
  for (const p of hashes) {
    if (sn === 0n) return undefined;
    const left = (fn & 1n) === 1n || fn === sn;
    r = left ? await sha256(Uint8Array.of(1), p, r) : await sha256(Uint8Array.of(1), r, p);
    steps.push({ left, with: p, is: r });
    if (left && (fn & 1n) === 0n) {
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n ? { root: r, steps } : undefined;
}

/** verifierKey reads "name+hash+key" (C2SP signed-note); its hash must be the name's and the key's. */
async function verifierKey(vkey: string): Promise<{ name: string; hash: Uint8Array; key: Uint8Array<ArrayBuffer> }> {
  const m = /^(\S+?)\+([0-9a-f]{8})\+(\S+)$/.exec(vkey.trim());
  if (!m) throw new Error("this is not a verifier key");
  const key = fromBase64(m[3]!);
  if (key[0] !== 1 || key.length !== 33) throw new Error("the verifier key is not of Ed25519");
  const hash = (await sha256(utf8.encode(m[1]! + "\n"), key)).subarray(0, 4);
  if (hex(hash) !== m[2]) throw new Error("the verifier key's hash is not its own");
  return { name: m[1]!, hash, key: key.slice(1) };
}

async function signature(c: Checkpoint, vkey: string): Promise<Step> {
  const name = "Signature";
  try {
    const v = await verifierKey(vkey);
    if (c.origin !== v.name) return { name, verdict: "bad", says: `the checkpoint is of the log ${c.origin}, the key is of ${v.name}` };
    const s = c.signatures.find((x) => x.name === v.name && x.bytes.length === 68 && same(x.bytes.subarray(0, 4), v.hash));
    if (!s) return { name, verdict: "bad", says: "no signature of the checkpoint is by this key" };
    let key: CryptoKey;
    try {
      key = await crypto.subtle.importKey("raw", v.key, { name: "Ed25519" }, false, ["verify"]);
    } catch {
      return { name, verdict: "open", says: "this browser cannot check Ed25519; check the downloaded proof with hansard verify FILE.proof --key KEY" };
    }
    const good = await crypto.subtle.verify("Ed25519", key, s.bytes.slice(4), utf8.encode(c.signed));
    return { name, verdict: good ? "ok" : "bad", says: good ? `the key of ${v.name} signed the checkpoint of ${c.size} entries` : "the signature is not of this checkpoint", hashes: [{ label: "key", value: vkey.trim() }] };
  } catch (err) {
    return { name, verdict: "bad", says: err instanceof Error ? err.message : String(err) };
  }
}

async function content(p: Proof, leaf: unknown): Promise<Step> {
  const name = "Content";
  const c = (leaf as { content?: { alg?: string; digest?: string; size?: number } } | null)?.content;
  if (!p.content || !p.salt) return { name, verdict: "open", says: "the proof discloses no content: it shows the envelope only" };
  const digest = hex(await sha256(p.salt, p.content));
  const good = c?.alg === "sha256" && c.size === p.content.length && c.digest === digest;
  return { name, verdict: good ? "ok" : "bad", says: good ? `${p.content.length} bytes of content are what the leaf commits to` : "the content is not what the leaf commits to", hashes: [{ label: "SHA-256(salt, content)", value: digest }] };
}

/** Shown is what the page shows of the entry, to be held against what is proved. */
export type Shown = Record<string, unknown>;

/** differs names the fields that the page shows otherwise than the record has them. */
function differs(shown: Shown, p: Proof, leaf: Record<string, unknown>): string[] {
  let inside: Record<string, unknown>;
  try {
    inside = p.content ? (JSON.parse(text(p.content)) as Record<string, unknown>) : {};
  } catch {
    return ["the content, which is not JSON"];
  }
  const proved: Record<string, unknown> = { ...leaf, ...inside };
  return Object.keys(shown).filter((k) => {
    if (!(k in proved)) return false; // of the server, or derived
    const [a, b] = [shown[k], proved[k]];
    return typeof a === "string" && typeof b === "string" && k !== "timestamp" && k !== "received_at" && k !== "leaf_hash" ? a !== b : false;
  });
}

/** verify checks a proof with a verifier key and returns every step. Only if none is bad is the entry what the log holds. */
export async function verify(proof: string, vkey: string, shown: Shown = {}): Promise<Step[]> {
  let p: Proof;
  let c: Checkpoint;
  let leaf: Record<string, unknown>;
  try {
    p = parse(proof);
    c = parseCheckpoint(p.checkpoint);
    leaf = JSON.parse(text(p.leaf)) as Record<string, unknown>;
  } catch (err) {
    return [{ name: "Proof", verdict: "bad", says: err instanceof Error ? err.message : String(err) }];
  }
  const steps: Step[] = [];
  const other = differs(shown, p, leaf);
  const named = leaf["event_id"] === shown["event_id"] || shown["event_id"] === undefined;
  steps.push({
    name: "Event",
    verdict: named && other.length === 0 ? "ok" : "bad",
    says: !named ? "the proof is of another event" : other.length > 0 ? `the page shows otherwise than the record: ${other.join(", ")}` : "the proof is of the event that is shown",
  });
  steps.push(await content(p, leaf));
  const leafHash = await sha256(Uint8Array.of(0), p.leaf);
  steps.push({ name: "Leaf", verdict: "ok", says: `entry ${p.index.toLocaleString("en-US")} of the log, hashed here`, hashes: [{ label: "SHA-256(0x00, leaf)", value: hex(leafHash) }] });
  const up = await climb(leafHash, p.index, c.size, p.hashes);
  steps.push({
    name: "Way to the root",
    verdict: up && same(up.root, c.root) ? "ok" : "bad",
    says: !up ? "the proof has not the hashes that a log of this size needs" : same(up.root, c.root) ? `${up.steps.length} hashes lead to the root of the checkpoint` : "the hashes lead to another root: the entry is not in this log",
    hashes: [...(up?.steps ?? []).map((s, i) => ({ label: `${i + 1}. with the ${s.left ? "left" : "right"} ${hex(s.with).slice(0, 12)}…`, value: hex(s.is) })), { label: "root of the checkpoint", value: hex(c.root) }],
  });
  steps.push(await signature(c, vkey));
  return steps;
}

/** verdictOf sums the steps up. */
export function verdictOf(steps: Step[]): "proved" | "refuted" | "open" {
  if (steps.some((s) => s.verdict === "bad")) return "refuted";
  return steps.some((s) => s.verdict === "open" && s.name === "Signature") ? "open" : "proved";
}
