import { randomUUID } from "node:crypto";
import { loadNative } from "../../adapters/lsl/native.ts";
import { type Outlet, openOutlet } from "../../adapters/lsl-outlet/outlet.ts";
import type { Peer } from "./adapter-suite.ts";

/** An outlet of markers, spikes `<channel>:<unit>` among them, under a name that nobody else has. */
export interface LslPeer extends Peer {
  readonly sourceId: string;
}

export function lslMarkerPeer(): LslPeer {
  const native = loadNative();
  const sourceId = `phosphene-test-${randomUUID()}`;
  let outlet: Outlet | undefined;
  const push = (text: string) => {
    if (outlet === undefined) throw new Error("the peer is not started");
    outlet.pushText(text, Number(native.localClock()));
  };
  return {
    sourceId,
    async start() {
      outlet = await openOutlet(native, {
        name: "phosphene-test",
        type: "Markers",
        sourceId,
        format: "string",
        channels: 1,
        rateHz: 0,
        description: {},
        bufferS: 360,
      });
    },
    async stop() {
      await outlet?.close();
      outlet = undefined;
    },
    async spike(label) {
      push(label.replace(".", ":"));
    },
    async text(text) {
      push(text);
    },
    async garbage() {
      push("x".repeat(5_000));
    },
  };
}

/** Whether liblsl can be loaded here; why not, if not. */
export function lslIsThere(): { there: boolean; why: string } {
  try {
    return { there: true, why: loadNative().path };
  } catch (error) {
    return { there: false, why: String(error) };
  }
}
