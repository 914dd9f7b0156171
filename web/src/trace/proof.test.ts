import { createHash, generateKeyPairSync, sign } from "node:crypto";

import { describe, expect, it } from "vitest";

import { verdictOf, verify } from "./proof";

const sha = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
const node = (l: Buffer, r: Buffer) => sha(Buffer.of(1), l, r);

/** split is the largest power of two below n (RFC 6962, section 2.1). */
const split = (n: number) => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};

/** root and path are RFC 6962's own recursive definitions. */
function root(leaves: Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return node(root(leaves.slice(0, k)), root(leaves.slice(k)));
}

function path(i: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return i < k ? [...path(i, leaves.slice(0, k)), root(leaves.slice(k))] : [...path(i - k, leaves.slice(k)), root(leaves.slice(0, k))];
}

const origin = "here/log/acme/info";
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const raw = Buffer.concat([Buffer.of(1), Buffer.from((publicKey.export({ format: "jwk" }) as { x: string }).x, "base64url")]);
const keyHash = sha(Buffer.from(origin + "\n"), raw).subarray(0, 4);
const vkey = `${origin}+${keyHash.toString("hex")}+${raw.toString("base64")}`;

function made(size: number, index: number, content = '{"reasoning":"because"}') {
  const salt = Buffer.alloc(16, 7);
  const leafOf = (i: number) => Buffer.from(JSON.stringify({ content: { alg: "sha256", digest: sha(salt, Buffer.from(content)).toString("hex"), size: content.length }, event_id: `e${i}` }));
  const leaves = Array.from({ length: size }, (_, i) => sha(Buffer.of(0), leafOf(i)));
  const signed = `${origin}\n${size}\n${root(leaves).toString("base64")}\n`;
  const sig = Buffer.concat([keyHash, sign(null, Buffer.from(signed), privateKey)]).toString("base64");
  const extra = Buffer.concat([leafOf(index), Buffer.from(`\n${salt.toString("hex")}\n${content}`)]).toString("base64");
  return ["c2sp.org/tlog-proof@v1", `extra ${extra}`, `index ${index}`, ...path(index, leaves).map((h) => h.toString("base64")), "", signed, `— ${origin} ${sig}`, ""].join("\n");
}

const badOf = async (...args: Parameters<typeof verify>) => (await verify(...args)).filter((s) => s.verdict === "bad").map((s) => s.name);

describe("verify", { timeout: 60_000 }, () => {
  it("proves every entry of logs of every size up to 17", async () => {
    for (let size = 1; size <= 17; size++) {
      for (let i = 0; i < size; i++) {
        const steps = await verify(made(size, i), vkey, { event_id: `e${i}`, reasoning: "because" });
        expect([size, i, verdictOf(steps), steps.filter((s) => s.verdict !== "ok")]).toEqual([size, i, "proved", []]);
      }
    }
  });
  it("refuses any character changed", async () => {
    const proof = made(7, 3);
    for (let i = 0; i < proof.length; i++) {
      const c = proof[i] === "A" ? "B" : "A";
      const steps = await verify(proof.slice(0, i) + c + proof.slice(i + 1), vkey, { event_id: "e3", reasoning: "because" });
      expect([i, proof[i], verdictOf(steps)]).toEqual([i, proof[i], "refuted"]);
    }
  });
  it("says which step fails", async () => {
    const proof = made(7, 3);
    const other = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }) as { x: string };
    const key = Buffer.concat([Buffer.of(1), Buffer.from(other.x, "base64url")]);
    const foreign = `${origin}+${sha(Buffer.from(origin + "\n"), key).subarray(0, 4).toString("hex")}+${key.toString("base64")}`;
    expect(await badOf(proof, foreign, { event_id: "e3" })).toEqual(["Signature"]);
    expect(await badOf(proof, vkey, { event_id: "e4" })).toEqual(["Event"]);
    expect(await badOf(proof, vkey, { event_id: "e3", reasoning: "because not" })).toEqual(["Event"]);
    expect(await badOf(proof.replace("index 3", "index 2"), vkey, { event_id: "e3" })).toEqual(["Way to the root"]);
    expect(await badOf("c2sp.org/tlog-proof@v2\n", vkey)).toEqual(["Proof"]);
  });
  it("takes an index that is not in the log for no proof", async () => {
    expect(await badOf(made(1, 0).replace("index 0", "index 1"), vkey, { event_id: "e0" })).toEqual(["Way to the root"]);
  });
});
