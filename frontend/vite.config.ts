import { defineConfig } from "vitest/config";

const server = process.env["GRATICULE_SERVER"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // The first that know light-dark(): written out for older ones it no longer follows a color-scheme below the root.
    cssTarget: ["chrome123", "firefox125", "safari17.5"],
    outDir: "dist",
    // The content security policy allows neither inline scripts nor data: scripts and workers.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  server: {
    proxy: {
      // The browser's own host and origin go through: Django compares them.
      "/api": { target: server, changeOrigin: false },
      "/ws": { target: server, changeOrigin: false, ws: true },
    },
  },
  test: {
    include: ["tests/**/*.test.{ts,tsx}", "src/**/*.test.{ts,tsx}"],
    environment: "node",
  },
});
