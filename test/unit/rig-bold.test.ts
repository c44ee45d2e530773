import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createEvoked, playBold } from "../../rig/bold.ts";
import { boxcarResponse, doubleGamma } from "../../rig/haemodynamics.ts";
import { readSession } from "../../rig/session.ts";
import type { BoldSession } from "../../rig/session-schema.ts";
import { TINY_LATENT_DIFFUSION } from "../integration/processes.ts";

const folder = join(TINY_LATENT_DIFFUSION, "session");
let session: BoldSession;
beforeAll(async () => {
  const read = await readSession(folder);
  if (read.kind !== "bold") throw new Error("expected a session of BOLD time courses");
  session = read;
});

const course = (seed: number, volumes: number, of = session) => {
  const source = playBold(of, seed);
  return Array.from({ length: volumes }, () => source.next());
};

describe("haemodynamics", () => {
  test("the response rises late, peaks once and undershoots", () => {
    expect(doubleGamma(0)).toBe(0);
    expect(doubleGamma(5)).toBeGreaterThan(doubleGamma(4));
    expect(doubleGamma(5)).toBeGreaterThan(doubleGamma(6));
    expect(doubleGamma(15)).toBeLessThan(0);
    const response = boxcarResponse(4);
    const peak = Math.max(...Array.from({ length: 200 }, (_, i) => response(i / 10)));
    expect(peak).toBeCloseTo(1, 9);
    expect(response(-1)).toBe(0);
    expect(response(18)).toBeLessThan(0);
  });
});

describe("a session of BOLD time courses", () => {
  test("evokes what training reckoned with", () => {
    const golden = JSON.parse(readFileSync(join(folder, "golden.json"), "utf8"));
    const { presentation, trMs } = session;
    const step = (presentation.onMs + presentation.offMs) / trMs;
    const evoked = createEvoked(session);
    const levels = golden.stimuli.flatMap((stimulus: number) => {
      evoked.show(stimulus);
      return Array.from({ length: step }, () => evoked.next());
    });
    for (const { voxel, percent } of golden.cases)
      for (const [volume, value] of percent.entries()) expect(levels[volume][voxel]).toBeCloseTo(value, 3);
  });

  test("the same seed plays the same, another one something else; every stimulus begins and ends with a volume", () => {
    const volumes = course(1, 64);
    expect(course(1, 64)).toEqual(volumes);
    expect(course(2, 64)).not.toEqual(volumes);
    const events = volumes.map(({ event }) => event);
    expect(events.filter((_, i) => i % 8 === 0).every((event) => /^stimulus \w+-\d$/.test(event!))).toBe(true);
    expect(events.filter((_, i) => i % 8 === 4)).toEqual(Array(8).fill("stimulus blank"));
    expect(events.filter((event) => event === undefined)).toHaveLength(48);
  });

  test("intensities are whole numbers around each voxel's baseline, as the adapter for counts takes them", () => {
    const volumes = course(3, 200);
    for (const { intensities } of volumes)
      expect(intensities.every((value) => Number.isInteger(value) && value >= 0 && value <= 65_535)).toBe(true);
    for (const [voxel, baseline] of session.scanner.baseline.entries()) {
      const mean = volumes.reduce((sum, { intensities }) => sum + intensities[voxel]!, 0) / volumes.length;
      expect(Math.abs(mean / baseline - 1)).toBeLessThan(0.05);
    }
  });

  test("without noise and drift, what is left is what the stimuli evoke", () => {
    const noise = { ...session.noise, own: 0, shared: 0, drift: 0 };
    const quiet = course(1, 40, { ...session, noise });
    const order = quiet.flatMap(({ event }) => event?.match(/^stimulus (\w+-\d)$/)?.[1] ?? []);
    const evoked = createEvoked(session);
    for (const [volume, { intensities }] of quiet.entries()) {
      if (volume % 8 === 0) evoked.show(session.stimuli.findIndex(({ id }) => id === order[volume / 8]));
      const level = evoked.next();
      for (const [voxel, baseline] of session.scanner.baseline.entries())
        expect(intensities[voxel]).toBe(Math.round(baseline * (1 + level[voxel]! / 100)));
    }
  });
});
