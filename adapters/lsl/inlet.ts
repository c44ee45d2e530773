import type { Samples } from "./backlog.ts";
import { type ClockReading, hrMs } from "./messages.ts";
import { copyText, type Handle, LOST, type Native, TIMEOUT } from "./native.ts";
import type { LslOptions } from "./options.ts";
import { describeStream, type StreamDescription } from "./stream.ts";

/** Flags of lsl_create_inlet_ex: the buffer's length is in samples, or in thousandths of a second. */
const IN_SAMPLES = 1;
const IN_MS = 2;
/** Values that are pulled at a time. */
const SCRATCH = 65_536;

/** The peer is gone, or did not answer in time. */
export class LostError extends Error {}

/** An open connection to a stream. Every call may block for the time it is given. */
export interface Inlet {
  /** With the labels of the channels. */
  describe(timeoutS: number): StreamDescription;
  open(timeoutS: number): void;
  /** Numbers that have come, the first `columns` of each sample; waits for the first one. */
  pull(waitS: number, columns: number): Samples;
  /** Strings that have come, of a stream with one channel; null where it is not UTF-8. */
  pullTexts(waitS: number): { times: Float64Array<ArrayBuffer>; texts: (string | null)[] };
  clock(timeoutS: number): ClockReading;
  wasClockReset(): boolean;
  close(): void;
}

/**
 * Never in liblsl's recovery mode, which hides that a peer went away: we say it and search again. No post-processing
 * is asked for.
 */
export function openInlet(native: Native, info: Handle, stream: StreamDescription, options: LslOptions): Inlet {
  const inlet: Handle | null = createInlet(native, info, stream, options);
  if (inlet === null) throw new LostError("liblsl made no inlet");
  const code = new Int32Array(1);
  const check = () => {
    if (code[0] === LOST) throw new LostError("the connection was closed");
    if (code[0] !== 0 && code[0] !== TIMEOUT) throw new LostError(`liblsl says error ${code[0]}`);
    return code[0] !== TIMEOUT;
  };
  const reset = () => {
    code[0] = 0;
    return code;
  };
  return {
    describe(timeoutS) {
      const full: Handle | null = native.fullInfo(inlet, timeoutS, reset());
      if (!check() || full === null) throw new LostError("it does not describe itself");
      const described = describeStream(native, full);
      native.destroyInfo(full);
      return described;
    },
    open(timeoutS) {
      native.openStream(inlet, timeoutS, reset());
      if (!check()) throw new LostError("it does not answer");
    },
    pull: pullNumbers(native, inlet, stream.channels, () => check(), code),
    pullTexts: (waitS) => pullTexts(native, inlet, waitS, () => check(), reset()),
    clock: (timeoutS) => readClock(native, inlet, timeoutS, reset()),
    wasClockReset: () => Number(native.wasClockReset(inlet)) !== 0,
    close: () => void native.destroyInlet(inlet),
  };
}

function createInlet(native: Native, info: Handle, { rateHz }: StreamDescription, options: LslOptions): Handle | null {
  const { bufferMs, bufferEvents, chunkSamples } = options;
  if (native.createInletEx)
    return rateHz > 0
      ? native.createInletEx(info, bufferMs, chunkSamples, 0, IN_MS)
      : native.createInletEx(info, bufferEvents, chunkSamples, 0, IN_SAMPLES);
  return native.createInlet(info, Math.ceil(rateHz > 0 ? bufferMs / 1000 : bufferEvents / 100), chunkSamples, 0);
}

function pullNumbers(native: Native, inlet: Handle, channels: number, check: () => boolean, code: Int32Array) {
  const rows = Math.max(1, Math.floor(SCRATCH / channels));
  const times = new Float64Array(rows + 1);
  const values = new Float64Array((rows + 1) * channels);
  const call = (run: () => unknown): number => {
    code[0] = 0;
    const result = Number(run());
    check();
    return result;
  };
  return (waitS: number, columns: number): Samples => {
    times[0] = call(() => native.pullSample(inlet, values, channels, waitS, code));
    if (times[0] === 0) return { times: new Float64Array(), values: new Float64Array() };
    const [laterValues, laterTimes] = [values.subarray(channels), times.subarray(1)];
    const pulled = call(() => native.pullChunk(inlet, laterValues, laterTimes, rows * channels, rows, 0, code));
    const samples = 1 + pulled / channels;
    return { times: times.slice(0, samples), values: firstColumns(values, samples, channels, columns) };
  };
}

function firstColumns(values: Float64Array<ArrayBuffer>, samples: number, channels: number, columns: number) {
  if (columns === channels) return values.slice(0, samples * channels);
  const kept = new Float64Array(samples * columns);
  for (let sample = 0; sample < samples; sample++)
    for (let column = 0; column < columns; column++)
      kept[sample * columns + column] = values[sample * channels + column]!;
  return kept;
}

/** Markers of one pull at most: 10,000 a second are no markers. */
const MOST_TEXTS = 1_000;

function pullTexts(native: Native, inlet: Handle, waitS: number, check: () => boolean, code: Int32Array) {
  const times: number[] = [];
  const texts: (string | null)[] = [];
  const address = new BigUint64Array(1);
  const length = new Uint32Array(1);
  while (times.length < MOST_TEXTS) {
    code[0] = 0;
    const time = Number(native.pullTexts(inlet, address, length, 1, times.length === 0 ? waitS : 0, code));
    check();
    if (time === 0) break;
    times.push(time);
    texts.push(copyText(address[0]!, length[0]!));
    native.destroyString(address[0]!);
  }
  return { times: Float64Array.from(times), texts };
}

function readClock(native: Native, inlet: Handle, timeoutS: number, code: Int32Array): ClockReading {
  const remote = new Float64Array(1);
  const uncertainty = new Float64Array([Number.NaN]);
  const correction = native.timeCorrectionEx
    ? native.timeCorrectionEx(inlet, remote, uncertainty, timeoutS, code)
    : native.timeCorrection(inlet, timeoutS, code);
  const unknown = code[0] !== 0;
  return {
    ...readBothClocks(native),
    correctionS: unknown ? Number.NaN : Number(correction),
    uncertaintyS: unknown ? Number.NaN : uncertainty[0]!,
  };
}

/** LSL's clock and ours at the same moment: the closest of a few readings. */
export function readBothClocks(native: Pick<Native, "localClock">): { lslS: number; hrMs: number } {
  let best = { lslS: 0, hrMs: 0, width: Number.POSITIVE_INFINITY };
  for (let i = 0; i < 5; i++) {
    const before = hrMs();
    const lslS = Number(native.localClock());
    const after = hrMs();
    if (after - before < best.width) best = { lslS, hrMs: (before + after) / 2, width: after - before };
  }
  return best;
}
