import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { inject } from "vitest";

/** Stage is a server with data of its own and a browser that looks at it. */
export interface Stage {
  url: string;
  browser: Browser;
  close: () => Promise<void>;
}

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

export const program = process.env.HANSARD ?? new URL("../../bin/hansard-ui-test", import.meta.url).pathname;

/** chromiumPath finds Debian's browser. */
export function chromiumPath(): string {
  const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const found = places.find((p) => p && existsSync(p));
  if (!found) throw new Error("no chromium here: apt-get install chromium");
  return found;
}

declare module "vitest" {
  export interface ProvidedContext {
    browser: string; // where the browser of all tests is to be had
    demo: string; // address of the server with the demonstration
  }
}

/** Server is a running server with a folder of its own. */
export interface Server {
  url: string;
  close: () => Promise<void>;
}

/** serve starts a server with flags. */
export async function serve(...flags: string[]): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), "hansard-ui-"));
  const address = join(dir, "address");
  const server = spawn(program, ["serve", "--data", join(dir, "data"), "--listen", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off", "--address-file", address, ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  server.stderr!.on("data", (b: Buffer) => (said += b.toString()));
  const url = await addressOf(server, address, () => said);
  return {
    url,
    close: async () => {
      server.kill("SIGTERM");
      await new Promise((done) => (server.exitCode === null ? server.on("exit", done) : done(null)));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** demo starts a server with the demonstration, and waits until it is taken in: when its trace can be read. */
export async function demo(...flags: string[]): Promise<Server> {
  const server = await serve("--demo", ...flags);
  for (let i = 0; i < 600; i++) {
    if ((await fetch(`${server.url}/v1/traces/${demoTrace}`)).ok) return server;
    await wait(200);
  }
  await server.close();
  throw new Error("the demonstration was not played");
}

/** demoTrace is the trace that the demonstration is about. */
export const demoTrace = "demo-refund-7731";

export const browserFlags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];

/** open looks at a server of its own with the browser of all tests. */
export async function open(...flags: string[]): Promise<Stage> {
  const server = await serve(...flags);
  const browser = await chromium.connect(inject("browser"));
  return {
    url: server.url,
    browser,
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/** openDemo looks at the server with the demonstration, which all tests share: they add nothing that others would trip over. */
export async function openDemo(): Promise<Stage> {
  const browser = await chromium.connect(inject("browser"));
  return { url: inject("demo"), browser, close: () => browser.close() };
}

async function addressOf(server: ChildProcess, file: string, said: () => string): Promise<string> {
  for (let i = 0; i < 600; i++) {
    if (existsSync(file)) return "http://" + readFileSync(file, "utf8").trim();
    if (server.exitCode !== null) break;
    await wait(100);
  }
  throw new Error(`the server did not start: ${said()}`);
}

/** Watched is a page, and what it complained about. */
export interface Watched {
  page: Page;
  context: BrowserContext;
  complaints: string[];
}

/** look opens a page that collects what goes wrong in it: errors, violations of its policy, calls elsewhere. */
export async function look(stage: Stage, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Watched> {
  const context = await stage.browser.newContext({ viewport: { width: 1280, height: 900 }, timezoneId: "Europe/Berlin", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (e) => complaints.push(`error: ${e.message}`));
  const described = await routes(stage);
  page.on("console", (m) => {
    // What a browser says of an answer that is an error is said better below.
    if (m.type() === "error" && !m.text().startsWith("Failed to load resource")) complaints.push(`console: ${m.text()}`);
  });
  page.on("response", (r) => {
    const path = new URL(r.url()).pathname;
    // A page may ask for what this server has not; it says so on the page.
    if (r.status() >= 400 && described.some((d) => d.test(path))) complaints.push(`answer ${r.status()}: ${path}`);
  });
  page.on("request", (r) => {
    const u = new URL(r.url());
    if (u.origin !== stage.url && !["data:", "blob:", "about:"].includes(u.protocol)) complaints.push(`call elsewhere: ${u.origin}`);
  });
  return { page, context, complaints };
}

/** settled waits until a page shows what it is about: a heading, and no answer that is awaited. */
export async function settled(page: Page) {
  await page.locator("h1").first().waitFor({ timeout: 60_000 });
  await page.waitForFunction(() => document.querySelector("[role=status]") === null, undefined, { timeout: 60_000 });
}

/** routes are the paths that the server describes. */
async function routes(stage: Stage): Promise<RegExp[]> {
  const doc = (await (await fetch(stage.url + "/openapi.json")).json()) as { paths: Record<string, unknown> };
  return Object.keys(doc.paths).map((p) => new RegExp("^" + p.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+") + "$"));
}

/** send puts events into the record. */
export async function send(stage: Stage, events: unknown[]) {
  const r = await fetch(stage.url + "/v1/events", { method: "POST", headers: { "Content-Type": "application/x-ndjson" }, body: events.map((e) => JSON.stringify(e)).join("\n") });
  if (!r.ok) throw new Error(`${r.status} ${await r.text()}`);
}
