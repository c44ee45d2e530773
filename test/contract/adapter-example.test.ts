import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLines } from "./adapter-example.ts";
import { adapterContract } from "./adapter-suite.ts";
import { freePortPair } from "./open-ephys-peer.ts";

adapterContract({
  adapter: jsonLines,
  makePeer: async () => {
    const port = await freePortPair();
    const sockets = new Set<Socket>();
    let server: Server | undefined;
    let t = 0;
    const send = async (line: string) => {
      for (const socket of sockets) socket.write(`${line}\n`);
    };
    const start = () =>
      new Promise<void>((resolve) => {
        t = 0;
        server = createServer((socket) => {
          sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
        });
        server.listen(port, "127.0.0.1", resolve);
      });
    const stop = async () => {
      for (const socket of sockets) socket.destroy();
      server?.close();
    };
    const spike = async (unit: string) => {
      t += 0.01;
      await send(JSON.stringify({ t, unit }));
    };
    const peer = { start, stop, spike, text: (text: string) => send(JSON.stringify({ t, text })) };
    return { peer: { ...peer, garbage: () => send("{ not json") }, options: { port } };
  },
});

test("docs/adding-an-adapter.md shows this adapter, word for word", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/adding-an-adapter.md"), "utf8");
  const code = readFileSync(join(import.meta.dirname, "adapter-example.ts"), "utf8");
  expect(page).toContain(code.replace('"../../adapters/define.ts"', '"../define.ts"'));
});
