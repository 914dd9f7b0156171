import { defineConfig } from "vitest/config";

// "make bench-ui": what the pages take, measured in a real browser on the real
// server. No part of the tests: a figure of a loaded machine proves nothing.
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: { include: ["test/bench.ts"], globalSetup: ["test/browser.setup.ts"], environment: "node", testTimeout: 900_000, hookTimeout: 300_000 },
});
