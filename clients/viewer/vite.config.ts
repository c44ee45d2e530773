import { defineConfig } from "vite";

const daemon = "127.0.0.1:8787";

export default defineConfig({
  // No data: URLs and no preload shim: the page runs under a strict content security policy.
  build: { outDir: "dist", target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/v1": { target: `ws://${daemon}`, ws: true }, "/stimuli": `http://${daemon}` } },
});
