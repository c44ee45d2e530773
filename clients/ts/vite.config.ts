import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The package: two modules with our own code in them; what is on the registry stays outside. */
export default defineConfig({
  root: here("."),
  build: {
    lib: { entry: { index: here("index.ts"), rxjs: here("rxjs.ts") }, formats: ["es"] },
    rolldownOptions: { external: ["msgpackr", "zod", "rxjs"] },
    ...{ outDir: "dist", target: "es2022", minify: false },
  },
});
