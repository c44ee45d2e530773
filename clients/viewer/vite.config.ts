import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const daemon = "127.0.0.1:8787";

export default defineConfig({
  // Said outright: the tsconfig's setting gave the development runtime, with file names of the build machine in the page.
  oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
  // No data: URLs and no preload shim: the page runs under a strict content security policy.
  build: {
    ...{ outDir: "dist", target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    // The page, and the one for the subject's own screen.
    rolldownOptions: { input: ["index.html", "subject/index.html"].map((entry) => here(entry)) },
  },
  // The daemon refuses other origins and hosts than its own: the development server speaks for it.
  server: {
    proxy: {
      "/v1": { target: `ws://${daemon}`, ws: true, changeOrigin: true, headers: { origin: `http://${daemon}` } },
      "/stimuli": { target: `http://${daemon}`, changeOrigin: true },
    },
  },
});
