import { defineConfig } from "vitest/config";

// Tests that drive the real server's pages in a real browser. One browser for all;
// a loaded machine is slow, so the deadlines are generous.
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: { include: ["test/**/*.browser.ts"], environment: "node", globalSetup: ["test/browser.setup.ts"], maxWorkers: 2, testTimeout: 120_000, hookTimeout: 180_000 },
});
