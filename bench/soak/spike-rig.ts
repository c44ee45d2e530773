// A rig of `bench/soak.ts --rate`: spikes at a steady rate for as long as it lives, numbers and samples from 0. It is killed, and another takes its port.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { PublisherRequest } from "../ingest/publisher.ts";

export interface SpikeRig extends AsyncDisposable {
  /** How often the rig was killed and started again. */
  readonly restarts: number;
  restart(): Promise<void>;
}

/** Resolves when the rig publishes. */
export async function startSpikeRig(port: number, labels: readonly string[], rateHz: number): Promise<SpikeRig> {
  const seconds = Number.MAX_SAFE_INTEGER;
  const request: PublisherRequest = { port, labels, rateHz, seconds, blockMs: 10, clock: "own" };
  let rig = await publish(request);
  let restarts = 0;
  const kill = async () => {
    const gone = once(rig, "exit");
    rig.kill("SIGKILL");
    await gone;
  };
  return {
    get restarts() {
      return restarts;
    },
    async restart() {
      await kill();
      rig = await publish(request);
      restarts++;
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function publish(request: PublisherRequest) {
  const rig = fork(join(import.meta.dirname, "../ingest/publisher.ts"));
  rig.send(request);
  await once(rig, "message");
  rig.send("go");
  return rig;
}
