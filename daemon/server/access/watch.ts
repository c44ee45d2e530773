import { stat } from "node:fs/promises";

/** How often, ms. Network drives tell nobody of changes, and a look costs some microseconds. */
const LOOK_MS = 250;

/** What tells one state of a file from another; null when it is not there. */
export async function stateOf(path: string): Promise<string | null> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return [ino, size, mtimeMs, ctimeMs].join(" ");
  } catch {
    return null;
  }
}

/** Calls `onChange` when the file is not as it was in `state`, which was taken before it was read; returns what ends it. */
export function watchState(path: string, state: string | null, onChange: () => void): () => void {
  let known = state;
  let ended = false;
  let timer: NodeJS.Timeout;
  const look = async () => {
    const found = await stateOf(path);
    if (ended) return;
    if (found !== known) onChange();
    known = found;
    timer = setTimeout(look, LOOK_MS).unref();
  };
  timer = setTimeout(look, LOOK_MS).unref();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
