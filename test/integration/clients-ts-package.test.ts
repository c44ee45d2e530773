import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import { expect, it } from "vitest";
import { Running } from "./processes.ts";
import { startServer } from "./server-harness.ts";

const FOLDER = join(import.meta.dirname, "../../clients/ts");

it("the built package is plain JavaScript that works by itself, errors and all", async () => {
  await build({ configFile: join(FOLDER, "vite.config.ts"), logLevel: "silent" });
  const { url } = await startServer();
  const [index, rxjs] = ["index", "rxjs"].map((name) => pathToFileURL(join(FOLDER, `dist/${name}.js`)).href);
  const script = `
    import { ClientError, connect } from "${index}";
    import { observe } from "${rxjs}";
    const client = connect("${url}");
    observe(client).state$.subscribe({ complete: () => console.log("over") });
    console.log((await client.opened()).server, await client.event("x", { atMs: 3 }));
    await client.steer({ gamma: { nothing: 1 } }).catch((error) => console.log(error instanceof ClientError, error.code));
    client.close();`;
  await using node = new Running(["--input-type=module", "--eval", script]);
  expect(await node.exited()).toBe(0);
  expect(node.output).toBe("phosphene/0.1.0 { n: 0, atMs: 3 }\ntrue CLIENT_PARAMETER\nover\n");
});
