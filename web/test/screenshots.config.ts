import { defineConfig } from "vitest/config";

// "make screenshots": the pictures of docs/images, of the real server with the
// demonstration's data.
export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: { include: ["test/screenshots.ts"], globalSetup: ["test/browser.setup.ts"], environment: "node", testTimeout: 600_000, hookTimeout: 180_000 },
});
