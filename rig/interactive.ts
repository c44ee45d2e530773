import { createCells, openBlock } from "./cells.ts";
import { LiveResponses } from "./live-responses.ts";
import { createRandom, randomOrder } from "./random.ts";
import type { SimulatedSession } from "./session-schema.ts";
import { type RigBlock, type RigEvent, type RigSource, SAMPLES_PER_MS } from "./source.ts";

/** Pictures that wait to be shown; more are refused. */
const MOST_WAITING = 4;

/** A picture for the simulated animal: its id, and the rates (Hz) with which the encoding model answers it, one a unit. */
export interface LivePicture {
  readonly id: string;
  readonly drivenHz: Float32Array;
}

export interface InteractiveSource extends RigSource {
  /** The picture comes on with the next block, or after those that wait; false when too many do. */
  show(picture: LivePicture): boolean;
}

/**
 * A simulated session that makes way for pictures given to it: each comes on at the beginning of a block, as on a screen that refreshes once
 * a block, and stays until the next one or for `holdMs`; then the session goes on with a blank and a stimulus.
 */
export function playInteractive(session: SimulatedSession, seed: number, holdMs: number): InteractiveSource {
  const { presentation, stimuli, units, drivenHz } = session;
  const { onMs, offMs } = presentation;
  const fire = createCells(session, seed);
  const order = randomOrder(stimuli.length, createRandom(seed, 1));
  const responses = new LiveResponses(session.population);
  const waiting: LivePicture[] = [];
  let ms = 0;
  let isBlank = true;
  let changeMs = offMs;

  const show = (id: string | undefined, rates: Float32Array, forMs: number): RigEvent => {
    responses.show(ms, rates);
    isBlank = false;
    changeMs = ms + forMs;
    return { sampleNum: ms * SAMPLES_PER_MS, text: `stimulus ${id}`, state: 1 };
  };
  const goOn = (): RigEvent => {
    if (isBlank) {
      const next = order();
      return show(stimuli[next]?.id, drivenHz.subarray(next * units.length, (next + 1) * units.length), onMs);
    }
    responses.blank(ms);
    isBlank = true;
    changeMs = ms + offMs;
    return { sampleNum: ms * SAMPLES_PER_MS, text: "stimulus blank", state: 0 };
  };
  return {
    name: session.name,
    units,
    show: (picture) => waiting.length < MOST_WAITING && waiting.push(picture) > 0,
    next(blockMs): RigBlock {
      const block = openBlock();
      const picture = waiting.shift();
      if (picture !== undefined) block.events.push(show(picture.id, picture.drivenHz, holdMs));
      for (const end = ms + blockMs; ms < end; ms++) {
        // A session may have no blanks: then what ends and what begins fall on the same millisecond.
        while (ms === changeMs) block.events.push(goOn());
        fire(block, ms, responses.rates(ms));
      }
      return block;
    },
  };
}
