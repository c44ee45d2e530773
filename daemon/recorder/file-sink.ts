import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** Where a recording goes: bytes are only ever appended. `write` resolves when they are on the disk, not merely in its cache. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export type OpenSink = (path: string) => Promise<Sink>;

/** A new file; refuses to write into one that is there. */
export const openFileSink: OpenSink = async (path) => {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, "ax");
  return {
    async write(bytes) {
      await handle.appendFile(bytes);
      await handle.datasync();
    },
    close: () => handle.close(),
  };
};
