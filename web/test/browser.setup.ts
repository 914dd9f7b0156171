import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";

import { browserFlags, chromiumPath, demo } from "./stage";

/** One browser and one server with the demonstration are enough for all tests: to start them is what costs. */
export default async function setup(project: TestProject) {
  const [browser, server] = await Promise.all([chromium.launchServer({ executablePath: chromiumPath(), args: browserFlags }), demo("--demo-speed", process.env.HANSARD_DEMO_SPEED ?? "0")]);
  project.provide("browser", browser.wsEndpoint());
  project.provide("demo", server.url);
  return async () => {
    await browser.close();
    await server.close();
  };
}
