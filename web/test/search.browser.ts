import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { look, open, send, settled, type Stage, type Watched } from "./stage";

let stage: Stage;
let w: Watched;
beforeAll(async () => {
  stage = await open();
  const now = Date.now();
  await send(stage, Array.from({ length: 1200 }, (_, i) => ({
    event_id: `e${i}`, event_type: "agent.tool_call", agent_name: i % 4 ? "support" : "billing", tool_name: `tool_${i % 3}`, status: i % 10 ? "ok" : "timeout",
    timestamp: new Date(now - i * 60_000).toISOString(), user_id: "jane@example.com",
  })));
  w = await look(stage);
});
afterAll(async () => stage?.close());

it("completes, narrows by facets, opens rows by keys, and keeps it all in the address", async () => {
  const { page, complaints } = w;
  await page.goto(stage.url + "/search");
  await settled(page);
  const bar = page.getByRole("combobox", { name: "Search" });
  await bar.click();
  await page.keyboard.type("agent:bil");
  await page.getByRole("option", { name: /billing/ }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await page.getByText("300 events").first().waitFor();
  await page.getByRole("button", { name: /^timeout/ }).click();
  await page.getByText("60 events").first().waitFor();
  expect(await bar.inputValue()).toBe("agent:billing status:timeout");
  await page.getByRole("row").nth(1).focus();
  await page.keyboard.press("j");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-row") === "1");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("On record").waitFor();
  const link = page.url();
  expect(link).toContain("event=e20");
  // The link leads another reader to the same.
  const other = await look(stage);
  await other.page.goto(link);
  await other.page.getByRole("dialog").getByText("e20", { exact: true }).first().waitFor();
  await other.context.close();
  await page.keyboard.press("Escape");
  expect(complaints).toEqual([]);
});

it("says where a search is wrong", async () => {
  const { page } = w;
  await page.goto(stage.url + "/search#q=agent%3A(billing");
  await page.getByRole("alert").first().waitFor();
});

it("searches by a person without telling a URL", async () => {
  const { page } = w;
  const urls: string[] = [];
  page.on("request", (r) => urls.push(r.url()));
  await page.goto(stage.url + "/search#since=all&q=" + encodeURIComponent("user:jane@example.com"));
  await page.getByText("all 1,200 rows").or(page.getByText("of 1,200")).first().waitFor();
  expect(urls.filter((u) => u.split("#")[0]!.includes("jane"))).toEqual([]);
});

it("finds a person wherever they stand, and says so where free text cannot", async () => {
  const { page } = w;
  const urls: string[] = [];
  page.on("request", (r) => urls.push(r.url()));
  await page.goto(stage.url + "/search#since=all&q=" + encodeURIComponent("jane@example.com"));
  await page.getByText("No event matches").waitFor();
  await page.getByRole("button", { name: /as a person's value/ }).click();
  await page.getByText("1,200 events").first().waitFor();
  // The command bar leads there too.
  await page.goto(stage.url + "/");
  await settled(page);
  await page.keyboard.press("Control+k");
  await page.getByLabel("Command or question").fill("events about jane@example.com");
  await page.getByText("hansard events --value").click();
  await page.getByText("1,200 events").first().waitFor();
  expect(urls.filter((u) => u.split("#")[0]!.includes("jane"))).toEqual([]);
});

it("exports the whole result with its manifest, and tells no URL of the person", async () => {
  const { page } = w;
  await page.goto(stage.url + "/search#since=all&q=" + encodeURIComponent("user:jane@example.com agent:billing"));
  await page.getByText("300 events").first().waitFor();
  await page.getByRole("button", { name: "Export" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "CSV" }).click()]);
  expect(file.url()).not.toContain("jane");
  expect(file.suggestedFilename()).toMatch(/^hansard-\d+T\d+Z\.zip$/);
  const dir = mkdtempSync(join(tmpdir(), "hansard-ui-"));
  await file.saveAs(join(dir, "export.zip"));
  const listed = readFileSync(join(dir, "export.zip")).toString("latin1");
  rmSync(dir, { recursive: true });
  expect(listed).toContain("events.csv");
  expect(listed).toContain("manifest.json");
  // What the archive holds is what the route says of itself.
  const { id } = (await (await fetch(`${stage.url}/v1/questions`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ q: "user:jane@example.com agent:billing" }) })).json()) as { id: string };
  expect((await (await fetch(`${stage.url}/v1/export?question=${id}`)).text()).trim().split("\n")).toHaveLength(300);
});

it("keeps views, and brings them to another reader by a link", async () => {
  const { page } = w;
  await page.goto(stage.url + "/search#since=all&q=agent%3Abilling");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByLabel("Name of the view").fill("only billing");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "only billing" }).waitFor();
  const other = await look(stage);
  const views = await page.evaluate(() => JSON.parse(localStorage.getItem("hansard.settings")!) as { views: { name: string; fragment: string }[] });
  const link = Buffer.from(JSON.stringify(views.views.map((v) => [v.name, v.fragment]))).toString("base64url");
  await other.page.goto(`${stage.url}/search#views=${link}`);
  await other.page.getByRole("button", { name: "Keep it" }).click();
  await other.page.getByRole("button", { name: "Views" }).click();
  await other.page.getByRole("link", { name: "only billing" }).click();
  await other.page.getByText("300 events").first().waitFor();
  await other.context.close();
});

it("scrolls through a long result", async () => {
  const { page } = w;
  await page.goto(stage.url + "/search#since=all");
  await page.getByText("1,200 events").first().waitFor();
  const table = page.getByRole("table", { name: "Events that match" });
  for (const top of [14_000, 29_000, 35_900]) {
    await table.evaluate((e, y) => e.scrollTo(0, y), top);
    await page.waitForFunction(() => ![...document.querySelectorAll("[role=row]")].some((r) => r.textContent?.startsWith("…")));
  }
  await page.getByText("all 1,200 rows").waitFor();
});
