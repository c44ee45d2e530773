import { createServer } from "node:net";
import { Publisher, Reply } from "zeromq";
import { createEncoder, EVENT_ENVELOPE } from "../../adapters/open-ephys/encode.ts";
import type { Peer } from "./adapter-suite.ts";
import { bindWhenFree } from "./bind.ts";

/** A plugin of the Open Ephys GUI on free ports of this machine, with a heartbeat counter. */
export interface OpenEphysPeer extends Peer {
  readonly endpoint: string;
  readonly heartbeats: () => readonly string[];
}

/** `security` are options of its ZeroMQ sockets. */
export async function openEphysPeer(security: object = {}): Promise<OpenEphysPeer> {
  const port = await freePortPair();
  const [endpoint, replies] = [`tcp://127.0.0.1:${port}`, `tcp://127.0.0.1:${port + 1}`];
  const heartbeats: string[] = [];
  let running: { publisher: Publisher; reply: Reply; encoder: ReturnType<typeof createEncoder> } | undefined;
  let sampleNum = 0;
  const now = () => running ?? Promise.reject(new Error("the peer is not started"));
  return {
    endpoint,
    heartbeats: () => heartbeats,
    async start() {
      const encoder = createEncoder({ stream: "Rhythm Data", sourceNode: 103, wallClockMs: Date.now });
      running = {
        publisher: new Publisher({ linger: 0, sendHighWaterMark: 0, ...security }),
        reply: new Reply({ linger: 0, ...security }),
        encoder,
      };
      sampleNum = 0;
      await bindWhenFree(running.publisher, endpoint);
      await bindWhenFree(running.reply, replies);
      answer(running.reply, heartbeats);
    },
    async stop() {
      running?.publisher.close();
      running?.reply.close();
      running = undefined;
    },
    async spike(label) {
      const { publisher, encoder } = await now();
      const [electrode = "", sorted] = label.split(".");
      const waveform = new Float32Array(40);
      const fields = { electrode, sortedId: Number(sorted), threshold: [-50], waveform };
      sampleNum += 300;
      await publisher.send(encoder.spike({ ...fields, sampleNum }));
    },
    async text(text) {
      const { publisher, encoder } = await now();
      await publisher.send(encoder.text(sampleNum, text));
    },
    async garbage() {
      const { publisher } = await now();
      await publisher.send([EVENT_ENVELOPE, "{ not json", "x"]);
    },
  };
}

async function answer(reply: Reply, heartbeats: string[]): Promise<void> {
  for await (const [request] of reply) {
    heartbeats.push(String(request));
    try {
      await reply.send("heartbeat received");
    } catch {
      return; // Closed meanwhile: a closed socket throws at once, it does not reject.
    }
  }
}

/** Two neighbouring ports that nobody uses, asked of the system. */
export async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await free(0);
    if (port && port < 65_535 && (await free(port + 1))) return port;
  }
}

function free(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : undefined));
    });
  });
}
