import { defineConfig } from "vitest/config";
import react from "@vitejs/plugin-react";

// The pages go beside the Go package that embeds them. `npm run dev` serves them
// from here and asks a server at HANSARD_SERVER for data.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../internal/web/dist/ui",
    emptyOutDir: true,
    target: ["chrome123", "firefox120", "safari17.5"], // light-dark() as it is
    assetsInlineLimit: 0, // the policy of the pages allows no data: scripts, and files are cached
    chunkSizeWarningLimit: 1000,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/log", "/openapi.json"].map((path) => [
        path,
        { target: process.env.HANSARD_SERVER ?? "http://127.0.0.1:7575", changeOrigin: true, headers: { "Sec-Fetch-Site": "none" } },
      ]),
    ),
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
