import { loadNative } from "../../adapters/lsl/native.ts";
import { lslClock } from "../../adapters/lsl-outlet/clock.ts";
import { openDecodedOutlets } from "../../adapters/lsl-outlet/decoded.ts";
import type { Config } from "../../src/config.ts";
import { closeOf } from "../../src/outputs/zeromq-format.ts";
import type { FrameBody } from "../../src/protocol/messages.ts";
import { OutputBooks } from "./books.ts";
import type { Output, OutputContext } from "./output.ts";

/** Latents, evidence and markers as LSL streams (docs/lsl.md): each frame counts once. Errors: LSL_UNAVAILABLE. */
export async function openLsl(config: Config["outputs"]["lsl"], context: OutputContext): Promise<Output> {
  const { bundle, session, everyBins, now } = context;
  const native = loadNative();
  const described = { name: config.name, session, bundle, groups: bundle.latents.groups, binMs: bundle.bins.widthMs };
  const outlets = await openDecodedOutlets(native, { ...described, everyBins }, lslClock(native, now));
  const books = new OutputBooks(config.deadlineMs, now);
  return {
    name: "lsl",
    books,
    state: () => ({ state: outlets.consumers > 0 ? "read" : "open", detail: books.detail }),
    frame: (frame, writtenMs) =>
      books.attempt(closeOf(frame), () => {
        const { seq, held } = frame;
        if (held === null) outlets.frame({ ...frame, mu: floats(frame.mu), endMs: endMs(frame), writtenMs });
        else outlets.held(seq, held.seq, held.ageMs, writtenMs);
      }),
    shown: outlets.shown,
    async prepare(next) {
      const { commit, discard } = await outlets.prepare(next, next.latents.groups);
      return { commit: () => commit(now()), discard };
    },
    close: outlets.close,
  };
}

/** The end of the frame's last bin, ms on the daemon's clock. */
function endMs({ sourceS, clock, stamps }: FrameBody): number {
  const mapped = sourceS[1] * 1000 + clock.offsetMs;
  return Number.isFinite(mapped) ? mapped : stamps.closed;
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
