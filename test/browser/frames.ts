import type { FrameBody, HelloBody } from "../../src/protocol/messages.ts";
import { SERVER } from "../golden/protocol-messages.ts";

const SIDE = 8;

/** A colour of its own for every frame up to 250, at some distance from black, white and grey. */
export function colourOf(seq: number): [red: number, green: number, blue: number] {
  return [seq + 1, 200, 40];
}

/** A frame of one colour. */
export function plainFrame(seq: number, changes: Partial<FrameBody> = {}): FrameBody {
  const image = new Uint8Array(3 * SIDE * SIDE);
  for (let at = 0; at < image.length; at += 3) image.set(colourOf(seq), at);
  const bins: [number, number] = [2 * seq, 2 * seq + 4];
  return { ...SERVER.frame, seq, bins, width: SIDE, height: SIDE, image, ...changes };
}

/** A greeting whose frames go stale after `staleMs`: three bins and the budget. */
export function helloWith(staleMs: number): HelloBody {
  const { bundle } = SERVER.hello;
  const bins = { ...bundle.bins, widthMs: staleMs / 4 };
  return {
    ...SERVER.hello,
    budgetMs: staleMs / 4,
    bundle: { ...bundle, bins, image: { width: 8, height: 8, channels: 3 } },
  };
}
