import type { Config } from "../src/config.ts";
import type { FrameBody, HelloBody } from "../src/protocol/messages.ts";

/** Where frames go besides the viewers. */
export interface Outputs {
  /** A frame, held or not, was written to the viewers at `writtenMs`. */
  frame(frame: FrameBody, writtenMs: number): void;
  /** A viewer had frame `seq` on its screen at `atMs`. */
  shown(seq: number, atMs: number): void;
  close(): Promise<void>;
}

const NONE: Outputs = { frame: () => {}, shown: () => {}, close: async () => {} };

/** Opens what the configuration asks for; liblsl is loaded only then. `now` is the daemon's clock, that of all stamps of a frame. */
export async function openOutputs(
  config: Config,
  hello: Pick<HelloBody, "bundle" | "session">,
  now: () => number,
): Promise<Outputs> {
  const { enabled, name } = config.outputs.lsl;
  if (!enabled) return NONE;
  const [{ loadNative }, { lslClock }, { openDecodedOutlets }] = await Promise.all([
    import("../adapters/lsl/native.ts"),
    import("../adapters/lsl-outlet/clock.ts"),
    import("../adapters/lsl-outlet/decoded.ts"),
  ]);
  const native = loadNative();
  const { bundle, session } = hello;
  const described = { name, session, bundle, groups: bundle.latents.groups, binMs: bundle.bins.widthMs };
  const outlets = await openDecodedOutlets(
    native,
    { ...described, everyBins: config.decode.everyBins },
    lslClock(native, now),
  );
  return {
    frame: (frame, writtenMs) => {
      const { seq, held } = frame;
      if (held === null) outlets.frame({ ...frame, mu: floats(frame.mu), endMs: endMs(frame), writtenMs });
      else outlets.held(seq, held.seq, held.ageMs, writtenMs);
    },
    shown: outlets.shown,
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
