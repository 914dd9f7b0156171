import { afterAll, beforeAll, expect, it } from "vitest";

import { look, open, send, settled, type Stage } from "./stage";

// How many events a second are sent, and for how many seconds; a loaded machine
// takes longer for them, and gets all of them.
const perSecond = Number(process.env.HANSARD_LIVE_RATE ?? 2000);
const seconds = Number(process.env.HANSARD_LIVE_SECONDS ?? 5);
const batches = 5; // a second

/** kept is how many rows the page keeps: maxRows of live/feed.ts. */
const kept = 5000;

let stage: Stage;
beforeAll(async () => {
  stage = await open();
  await send(stage, [{ event_id: "first", event_type: "agent.tool_call", agent_name: "first" }]);
});
afterAll(async () => stage?.close());

it("stays calm while it is read, and loses nothing", async () => {
  const { page, complaints } = await look(stage);
  await page.goto(stage.url + "/live");
  await settled(page);
  await page.getByText("connected", { exact: true }).waitFor();
  await page.getByText("first").first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const rows = () => page.getByRole("row").allInnerTexts();
  const before = await rows();
  let n = 0;
  for (let s = 0; s < seconds; s++) {
    const began = Date.now();
    for (let batch = 0; batch < batches; batch++) {
      await send(stage, Array.from({ length: perSecond / batches }, () => ({ event_id: `e${n++}`, event_type: n % 50 === 0 ? "agent.error" : "agent.tool_call", agent_name: `agent-${n % 7}`, error: n % 50 === 0 ? "failed" : undefined })));
    }
    await new Promise((done) => setTimeout(done, Math.max(0, 1000 - (Date.now() - began))));
  }
  // Calm: nothing moved. Complete: every one is counted, by the page and by the record.
  await page.getByRole("button", { name: `${n.toLocaleString("en-US")} new` }).waitFor({ timeout: 60_000 });
  expect(await rows()).toEqual(before);
  await page.getByText(`${(n + 1).toLocaleString("en-US")} events came`).waitFor();
  const record = (await (await fetch(`${stage.url}/v1/events/histogram`)).json()) as { total_events: number };
  expect(record.total_events).toBe(n + 1);
  await page.getByRole("button", { name: "Follow" }).click();
  await page.getByText(`agent-${(n - 1) % 7}`).first().waitFor();
  await page.getByText(`${(n + 1).toLocaleString("en-US")} events came; the oldest ${(n + 1 - kept).toLocaleString("en-US")} are no longer on this page`).waitFor();
  expect(await page.getByRole("table").getAttribute("aria-rowcount")).toBe(String(kept + 1)); // and the heading
  await page.getByLabel("Only what stands out").click({ force: true });
  await page.waitForFunction((want) => document.querySelector("[role=table]")?.getAttribute("aria-rowcount") === want, String(kept / 50 + 1));
  // A reload goes on: what is committed while the page is away is there when it is back.
  await page.goto("about:blank");
  await send(stage, [{ event_id: "away", event_type: "agent.decision", agent_name: "while-away" }]);
  await page.goto(stage.url + "/live");
  await page.getByText("while-away").first().waitFor();
  // A filter may name a person: it is put once, and no URL says it.
  const urls: string[] = [];
  page.on("request", (r) => urls.push(r.url()));
  await page.goto(stage.url + "/live#q=" + encodeURIComponent("user:jane@example.com"));
  await page.getByText("connected", { exact: true }).waitFor();
  await send(stage, [{ event_id: "jane", event_type: "agent.decision", agent_name: "for-jane", user_id: "jane@example.com" }, { event_id: "joe", event_type: "agent.decision", agent_name: "for-joe", user_id: "joe@example.com" }]);
  await page.getByText("for-jane").first().waitFor();
  expect(await page.getByText("for-joe").count()).toBe(0);
  expect(urls.filter((u) => u.split("#")[0]!.includes("jane"))).toEqual([]);
  expect(complaints).toEqual([]);
});

it("is quiet while nothing comes: no read of the record, whatever page is open", async () => {
  const { page } = await look(stage);
  for (const path of ["/", "/live", "/search", "/sessions", "/integrity"]) {
    await page.goto(stage.url + path);
    await settled(page);
    await page.waitForTimeout(1500); // what it asks for at the begin
    const asked: string[] = [];
    const note = (r: { url: () => string }) => asked.push(new URL(r.url()).pathname);
    page.on("request", note);
    await page.waitForTimeout(3000);
    page.off("request", note);
    // What the server says of itself is no read of the record.
    expect(asked.filter((p) => !["/v1/logs", "/v1/session", "/v1/verification"].includes(p)), path).toEqual([]);
  }
});
