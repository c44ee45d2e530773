import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { recording } from "../../adapters/recording/adapter.ts";
import { nevFile } from "../unit/recording-bytes.ts";
import { adapterContract } from "./adapter-suite.ts";

const folder = mkdtempSync(join(tmpdir(), "phosphene-recording-"));
const path = join(folder, "minute.nev");
afterAll(() => rmSync(folder, { recursive: true }));

// A minute of 200 spikes/s; a stimulus every 50 ms.
const labels = [
  [1, "E1"],
  [2, "E2"],
  [3, "E3"],
] as const;
const packets = Array.from({ length: 12_000 }, (_, i) => [
  { tick: 150 * i, electrode: 1 + (i % 3), unit: i % 3 === 2 ? 2 : 1 },
  ...(i % 10 === 5 ? [{ tick: 150 * i, comment: `stimulus s${i % 7}` }] : []),
]).flat();
writeFileSync(path, nevFile({ labels, packets }));

adapterContract({ adapter: recording, options: { path, startS: 1 } });
