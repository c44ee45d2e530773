import { type Area, areaOf } from "./channel-codec.ts";

/** Where the decoder process finds its bell and the memory. */
export const BELL_FD = 4;
export const MEMORY_FD = 5;

/** Words at the start of the memory: how many windows were asked for and answered, and who looks without sleeping and needs no bell. */
export const ASKED = 0;
export const ANSWERED = 1;
export const DECODER_LOOKS = 2;
export const DAEMON_LOOKS = 3;

const CONTROL_BYTES = 4096;
/** A window of 1,048,064 values. */
const REQUEST_BYTES = (4 << 20) - CONTROL_BYTES;
/** A picture of 2,048 x 2,048 pixels. */
const ANSWER_BYTES = 12 << 20;
export const MEMORY_BYTES = CONTROL_BYTES + REQUEST_BYTES + ANSWER_BYTES;

export interface ChannelAreas {
  readonly control: Int32Array;
  readonly request: Area;
  readonly answer: Area;
}

/** The parts of the shared memory: control words, the window, the answer. */
export function areasOf(memory: ArrayBuffer): ChannelAreas {
  return {
    control: new Int32Array(memory, 0, CONTROL_BYTES / 4),
    request: areaOf(memory, CONTROL_BYTES, REQUEST_BYTES),
    answer: areaOf(memory, CONTROL_BYTES + REQUEST_BYTES, ANSWER_BYTES),
  };
}
