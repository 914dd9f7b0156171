import { afterAll, beforeAll, expect, it } from "vitest";

import { look, open, send, settled, type Stage } from "./stage";

// How many events a second are sent, and for how many seconds; a loaded machine
// sends fewer a second, but all of them.
const perSecond = Number(process.env.HANSARD_LIVE_RATE ?? 400);
const seconds = 5;

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
    for (let batch = 0; batch < 10; batch++) {
      await send(stage, Array.from({ length: perSecond / 10 }, () => ({ event_id: `e${n++}`, event_type: n % 50 === 0 ? "agent.error" : "agent.tool_call", agent_name: `agent-${n % 7}`, error: n % 50 === 0 ? "failed" : undefined })));
    }
    await new Promise((done) => setTimeout(done, Math.max(0, 1000 - (Date.now() - began))));
  }
  await page.getByRole("button", { name: `${n.toLocaleString("en-US")} new` }).waitFor({ timeout: 60_000 });
  expect(await rows()).toEqual(before); // nothing moved
  await page.getByRole("button", { name: "Follow" }).click();
  await page.getByText(`agent-${n % 7}`).first().waitFor();
  expect(await page.getByRole("table").getAttribute("aria-rowcount")).toBe(String(n + 2)); // all, the first, and the heading
  await page.getByLabel("Only what stands out").click({ force: true });
  await page.waitForFunction((want) => document.querySelector("[role=table]")?.getAttribute("aria-rowcount") === want, String(n / 50 + 1));
  // A reload goes on: what is committed while the page is away is there when it is back.
  await page.goto("about:blank");
  await send(stage, [{ event_id: "away", event_type: "agent.decision", agent_name: "while-away" }]);
  await page.goto(stage.url + "/live");
  await page.getByText("while-away").first().waitFor();
  expect(complaints).toEqual([]);
});
