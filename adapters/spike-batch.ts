/** Spikes that are gathered (during one turn of the event loop, from a file), in buffers that grow and are used again. */
export interface SpikeBatch {
  readonly length: number;
  push(time: number, unit: number): void;
  /** Fresh arrays of what was gathered (s, unit index); the batch keeps it. */
  copy(): { times: Float64Array; units: Uint16Array };
  /** Fresh arrays of what was gathered (s, unit index), which then belong to the caller; the batch is empty again. */
  take(): { times: Float64Array; units: Uint16Array };
}

/** `capacity` is a first guess; buffers double when it is not enough. */
export function createSpikeBatch(capacity = 1024): SpikeBatch {
  let times = new Float64Array(capacity);
  let units = new Uint16Array(capacity);
  let length = 0;
  const grow = () => {
    const [oldTimes, oldUnits] = [times, units];
    times = new Float64Array(2 * length);
    units = new Uint16Array(2 * length);
    times.set(oldTimes);
    units.set(oldUnits);
  };
  const copy = () => ({ times: times.slice(0, length), units: units.slice(0, length) });
  return {
    get length() {
      return length;
    },
    push(time, unit) {
      if (length === times.length) grow();
      times[length] = time;
      units[length++] = unit;
    },
    copy,
    take() {
      const block = copy();
      length = 0;
      return block;
    },
  };
}
