import type { FrameBody } from "../src/protocol/messages.ts";
import type { Outputs } from "./outputs.ts";
import type { Recorder } from "./recorder/recorder.ts";
import type { PhospheneServer } from "./server/index.ts";
import type { TraceRing } from "./trace.ts";

/** Everybody who gets frames. */
export interface Readers {
  readonly outputs: Outputs | null;
  readonly server: PhospheneServer | null;
  readonly recorder: Recorder | null;
  readonly trace: TraceRing;
  readonly now: () => number;
}

/** Hands a frame to all of them: triggers first, then viewers, and to none of these after `expiresAtMs`. Returns the time after the socket writes. */
export function writeFrame(
  { outputs, server, recorder, trace, now }: Readers,
  frame: FrameBody,
  expiresAtMs: number,
): number {
  outputs?.urgent(frame);
  const times = server?.publishFrame(frame, expiresAtMs) ?? { serialisedMs: now(), writtenMs: now() };
  const { writtenMs } = times;
  trace.written(frame, times);
  recorder?.frame(frame, writtenMs);
  outputs?.frame(frame, writtenMs);
  return writtenMs;
}
