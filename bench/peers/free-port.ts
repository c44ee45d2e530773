import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that kernels hand out by themselves (32768 and up on Linux): a program that starts slowly still finds it free. */
const RANGE = { first: 20_000, count: 12_000 };

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = RANGE.first + Math.floor(Math.random() * RANGE.count);
    const server = createServer();
    server.listen(port, "127.0.0.1");
    const free = await Promise.race([
      once(server, "listening").then(() => true),
      once(server, "error").then(() => false),
    ]);
    if (!free) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
