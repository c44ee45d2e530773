import { loadNative } from "../adapters/lsl/native.ts";
import { type Outlet, openOutlet } from "../adapters/lsl-outlet/outlet.ts";
import type { BoldSource, Volume } from "./bold.ts";

/** Two LSL streams: volumes (type BOLD, regular, one channel a voxel) and what was shown (type Markers). */
export interface BoldOutlets {
  /** A volume that ended at `endS`, by LSL's clock. */
  publish(volume: Volume, endS: number): void;
  /** What came on or went off at `atS`. */
  mark(text: string, atS: number): void;
  /** LSL's clock, s. */
  now(): number;
  close(): Promise<void>;
}

/** Announces both on the network, `<name>-volumes` and `<name>-markers`. Errors: LSL_UNAVAILABLE. */
export async function openBoldOutlets(source: BoldSource, name: string, speed: number): Promise<BoldOutlets> {
  const native = loadNative();
  const rateHz = (1000 * speed) / source.trMs;
  const channel = source.labels.map((label) => ({ label, unit: "intensity", type: "BOLD" }));
  const open: Outlet[] = [];
  const announce = async (
    what: string,
    options: Pick<Parameters<typeof openOutlet>[1], "type" | "format" | "channels" | "rateHz" | "description">,
  ) => {
    const outlet = await openOutlet(native, {
      name: `${name}-${what}`,
      sourceId: `phosphene-rig:${name}:${what}`,
      ...options,
    });
    open.push(outlet);
    return outlet;
  };
  const volumes = await announce("volumes", {
    type: "BOLD",
    format: "float32",
    channels: channel.length,
    rateHz,
    description: { channels: { channel } },
  });
  const markers = await announce("markers", {
    type: "Markers",
    format: "string",
    channels: 1,
    rateHz: 0,
    description: { channels: { channel: { label: "stimulus", type: "Marker", unit: "text" } } },
  });
  return {
    publish: ({ intensities }, endS) => volumes.pushNumbers(intensities, endS),
    mark: (text, atS) => markers.pushText(text, atS),
    now: () => Number(native.localClock()),
    close: async () => {
      for (const outlet of open) await outlet.close();
    },
  };
}
