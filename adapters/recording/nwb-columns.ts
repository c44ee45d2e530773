import type { Dataset, Entity, Group } from "h5wasm/node";
import type { Fail } from "./fail.ts";
import type { RecordingBuilder } from "./recording.ts";

/** What the readers of one file share. */
export interface Nwb {
  readonly root: Group;
  readonly fail: Fail;
  readonly builder: RecordingBuilder;
}

/** A dataset larger than this is not loaded: spike times of 100,000,000 spikes. */
const MOST_VALUES = 100_000_000;

export function isGroup(entity: Entity | null | undefined): entity is Group {
  return entity instanceof Object && "type" in entity && entity.type === "Group";
}

function isDataset(entity: Entity | null): entity is Dataset {
  return entity instanceof Object && "type" in entity && entity.type === "Dataset";
}

function dataset({ fail }: Nwb, group: Group, name: string): Dataset | null {
  if (!group.keys().includes(name)) return null;
  const entity = group.get(name);
  if (!isDataset(entity)) return null;
  const count = (entity.shape ?? []).reduce((product, length) => product * length, 1);
  if (count > MOST_VALUES) fail(`${group.path}/${name}`, "values", `at most ${MOST_VALUES}`, count);
  return entity;
}

/** A numeric column as doubles; null when it is not there or holds something else. */
export function numbers(nwb: Nwb, group: Group, name: string): Float64Array | null {
  const value = dataset(nwb, group, name)?.value;
  if (typeof value === "number") return Float64Array.of(value);
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) return Float64Array.from(value, Number);
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Float64Array.from(value as Float64Array) : null;
}

/** A column of texts; null when it is not there or holds something else. */
export function strings(nwb: Nwb, group: Group, name: string): string[] | null {
  const value = dataset(nwb, group, name)?.value;
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : null;
}
