import { Publisher } from "zeromq";
import { createEncoder } from "../../adapters/open-ephys/encode.ts";

const SAMPLE_RATE_KHZ = 30;
const BLOCK_MS = 10;

export interface SteppingRig extends AsyncDisposable {
  /** The clock of the rig jumps by so much, ms. */
  step(ms: number): void;
}

/** A rig in this process that sends a spike of unit E001.1 every 10 ms, stamped with a clock that can be made to jump. */
export async function startSteppingRig(port: number): Promise<SteppingRig> {
  const publisher = new Publisher({ linger: 0, sendHighWaterMark: 0 });
  await publisher.bind(`tcp://127.0.0.1:${port}`);
  const encoder = createEncoder({ stream: "Rhythm Data", sourceNode: 103, wallClockMs: Date.now });
  let offsetMs = 60_000;
  let busy = false;
  const timer = setInterval(async () => {
    // One send at a time is all that the package takes.
    if (busy) return;
    busy = true;
    const sampleNum = Math.round(SAMPLE_RATE_KHZ * (performance.now() + offsetMs));
    const fields = { electrode: "E001", sampleNum, sortedId: 1, threshold: [-50], waveform: new Float32Array(40) };
    await publisher.send([...encoder.spike(fields)]);
    busy = false;
  }, BLOCK_MS);
  return {
    step(ms) {
      offsetMs += ms;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      publisher.close();
    },
  };
}
