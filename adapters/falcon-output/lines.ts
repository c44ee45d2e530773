/** Takes the event codes of a block, uint16 little-endian, one a sample; tells each line that changed and where. */
export type LineWatch = (codes: Uint8Array, changed: (line: number, state: number, sample: number) => void) => void;

const LINES = 16;

/** All lines are low before the first block. */
export function watchLines(): LineWatch {
  let word = 0;
  return (codes, changed) => {
    for (let at = 0; at + 1 < codes.length; at += 2) {
      const next = codes[at]! | (codes[at + 1]! << 8);
      if (next === word) continue;
      for (let line = 0; line < LINES; line++)
        if ((((next ^ word) >> line) & 1) === 1) changed(line, (next >> line) & 1, at / 2);
      word = next;
    }
  };
}
