import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { look, open, program, settled, type Stage, type Watched } from "./stage";

// Recorded agents at work, imported as a user does it. They lie beside the project and not in it.
const shared = new URL("../../../shared/data/", import.meta.url).pathname;
const tau = shared + "tau-bench/airline-gpt-4o.jsonl";
const swe = shared + "swe/mini-swe-agent-gemini3.jsonl";
const there = existsSync(tau) && existsSync(swe);
if (!there) console.warn("SKIPPED: the recorded runs of ../shared/data are not here");

interface Run {
  traj: { tool_calls?: unknown[] | null }[];
}

describe.skipIf(!there)("recorded runs", () => {
  let stage: Stage;
  let w: Watched;
  const runs = there ? readFileSync(tau, "utf8").trim().split("\n").map((l) => JSON.parse(l) as Run) : [];
  const calls = runs.reduce((n, r) => n + r.traj.reduce((k, m) => k + (m.tool_calls?.length ?? 0), 0), 0);
  beforeAll(async () => {
    stage = await open();
    for (const [format, file] of [["tau-bench", tau], ["mini-swe", swe]] as const) execFileSync(program, ["import", "--server", stage.url, "--format", format, file], { stdio: "ignore" });
    w = await look(stage);
  });
  afterAll(async () => {
    await w?.context.close();
    await stage?.close();
  });

  const go = async (path: string, fragment = "since=all") => {
    await w.page.goto("about:blank");
    await w.page.goto(`${stage.url}${path}#${fragment}`);
    await settled(w.page);
  };
  const content = () => w.page.locator("main").innerText();
  const fails = async () => expect(w.complaints, await w.page.title()).toEqual([]);

  it("are counted as the file has them", async () => {
    await go("/search", `since=all&q=${encodeURIComponent("event_type:agent.tool_call trace_id:tau*")}`);
    await w.page.getByText(`${calls.toLocaleString("en")} events`).first().waitFor();
    await fails();
  });

  it.each(["/", "/traces", "/sessions", "/tasks", "/users", "/agents", "/tools", "/errors", "/cost", "/compliance", "/incidents", "/reports", "/integrity"])("fill %s", async (path) => {
    await go(path);
    const text = await content();
    expect(text.length).toBeGreaterThan(60);
    expect(text).not.toMatch(/\bundefined\b|\bNaN\b|\[object /);
    await fails();
  });

  it.each(["tau:0:0", "tau:7:0"])("are walked: %s", async (trace) => {
    for (const view of ["Timeline", "Tree", "Graph", "Conversation", "Log", "Cost"]) {
      await go(`/traces/${encodeURIComponent(trace)}`);
      await w.page.getByRole("tab", { name: view, exact: true }).click();
      await settled(w.page);
      expect(await content()).not.toMatch(/\bundefined\b|\bNaN\b|\[object /);
    }
    await fails();
  });

  it("are judged no further than the record goes: nobody approved anything in it", async () => {
    await go("/compliance");
    await w.page.getByText(/insufficient evidence/i).first().waitFor();
    await fails();
  });
});
