import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DecodeRequest, Decoder } from "../../src/decode/decoder.ts";
import { FrameBudget } from "../../src/decode/frame-budget.ts";
import { bundleFiles, guidanceOf, type Manifest } from "../../src/decode/manifest.ts";
import { withChangedWeights } from "./changed-weights.ts";
import { loadBundle, openDecoder } from "./open-decoder.ts";

export interface DecoderSubject {
  readonly name: string;
  /** The folder of its bundle. */
  readonly dir: string;
  /** A fresh decoder of the given seed, and the manifest of its bundle; left out: the kind's own, on the CPU, as the daemon opens it. */
  readonly open?: (seed: number) => Promise<{ decoder: Decoder; manifest: Manifest }>;
  /** Whether the picture depends on the seed; a kind without noise has none. */
  readonly seeded: boolean;
}

/** What an answer says but when. */
const said = ({ startedMs: _a, encodedMs: _b, steppedMs: _c, synthesisedMs: _d, ...rest }: Answer) => rest;
type Answer = Awaited<ReturnType<Decoder["decode"]>>;

/** What every decoder kind must do; a kind's test file is one call. */
export function decoderContract(subject: DecoderSubject): void {
  const { name, dir, seeded } = subject;
  const open = subject.open ?? ((seed: number) => openDecoder(dir, "plain", { seed }));
  describe(`decoder contract: ${name}`, () => {
    let decoder: Decoder;
    let manifest: Manifest;
    const request = (over: Partial<DecodeRequest> = {}): DecodeRequest => ({
      values: Float32Array.from({ length: manifest.bins.window * manifest.units.count }, (_, i) => Math.sin(i)),
      steps: decoder.steps.at(-1)!,
      steering: manifest.latents.groups.map(() => 0),
      ...over,
    });
    /** A decoder without a past. */
    const alone = async (over: Partial<DecodeRequest> = {}) => {
      decoder.reset();
      return decoder.decode(request(over));
    };
    const sequence = (): DecodeRequest[] =>
      [1, -1, 0.5, 1].map((scale, i) => {
        const steps = decoder.steps[i % decoder.steps.length]!;
        return request({ values: request().values.map((value) => scale * value), steps });
      });
    const play = async (by: Decoder) => {
      const answers: ReturnType<typeof said>[] = [];
      for (const each of sequence()) answers.push(said(await by.decode(each)));
      return answers;
    };

    beforeAll(async () => {
      ({ decoder, manifest } = await open(1));
    });
    afterAll(() => decoder.dispose());

    test("shapes and times are as promised", async () => {
      const { image, latents, units, evidence } = manifest;
      const decoded = await alone();
      expect(decoded.image.length).toBe(3 * image.height * image.width);
      expect(decoded.mu.length).toBe(latents.dimension);
      expect(decoded.logvar.length).toBe(evidence.missing?.bits === undefined ? latents.dimension : 0);
      if (evidence.missing?.explained === undefined) expect(decoded.expected.length).toBe(units.count);
      for (const { name, labels } of manifest.readouts) expect(decoded.readouts[name]?.length).toBe(labels.length);
      expect(Object.keys(decoded.readouts)).toHaveLength(manifest.readouts.length);
      expect(decoded.startedMs).toBeLessThanOrEqual(decoded.encodedMs);
      const { encodedMs, steppedMs, synthesisedMs } = decoded;
      const times = [encodedMs, ...steppedMs, synthesisedMs];
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(steppedMs.length).toBeGreaterThan(0);
      for (const values of [decoded.mu, decoded.logvar, decoded.expected, ...Object.values(decoded.readouts)])
        expect(values.every(Number.isFinite)).toBe(true);
    });

    test("the same windows in the same order give the same answers, bit for bit, also from another instance", async () => {
      decoder.reset();
      const first = await play(decoder);
      const histories = first.map(({ history }) => history);
      if (decoder.state === "none") expect(histories).toEqual(histories.map(() => 0));
      else expect(histories).toEqual(histories.map((_, i) => i));
      decoder.reset();
      expect(await play(decoder)).toEqual(first);
      const other = await open(1);
      expect(await play(other.decoder)).toEqual(first);
      await other.decoder.dispose();
    });

    test("a picture depends on earlier windows only where the decoder says so", async () => {
      const reference = said(await alone());
      const later = said(await decoder.decode(request()));
      if (decoder.state === "none") expect(later).toEqual(reference);
      else expect(later.image).not.toEqual(reference.image);
      expect(said(await alone())).toEqual(reference);
    });

    test("other spikes, other steering: another picture", async () => {
      const reference = (await alone()).image;
      const values = request().values.map((value) => -value);
      expect((await alone({ values })).image).not.toEqual(reference);
      if (manifest.latents.groups.length === 0) return;
      const steering = manifest.latents.groups.map((_, i) => (i === 0 ? 3 : 0));
      expect((await alone({ steering })).image).not.toEqual(reference);
    });

    test(seeded ? "another seed: another picture" : "another seed: the same picture", async () => {
      const reference = (await alone()).image;
      const other = await open(2);
      const { image } = await other.decoder.decode(request());
      await other.decoder.dispose();
      if (seeded) expect(image).not.toEqual(reference);
      else expect(image).toEqual(reference);
    });

    test("every number of steps that it names works, and they ascend", async () => {
      expect(decoder.steps).toEqual([...decoder.steps].sort((a, b) => a - b));
      for (const steps of decoder.steps) await expect(decoder.decode(request({ steps }))).resolves.toBeDefined();
    });

    test("the less time is left, the fewer of its steps are taken, and none when not even the fewest fit", async () => {
      const costMs = Object.fromEntries(decoder.steps.map((k, i) => [k, 10 * 2 ** i]));
      for (const [i, steps] of [null, ...decoder.steps].entries()) {
        const leftMs = steps === null ? 9 : 13 * 2 ** (i - 1);
        const shares = { waitMs: null, modelMs: null, writeMs: 0 };
        const budget = new FrameBudget({ totalMs: leftMs, shares, maxSteps: 64, cadenceMs: 1e6 });
        budget.rebase(costMs);
        const decision = budget.decide(0, 0);
        expect(decision.steps).toBe(steps);
        if (decision.steps === null) continue;
        await expect(alone({ steps: decision.steps })).resolves.toBeDefined();
      }
    });

    test.each([
      ["a window of another length", { values: new Float32Array(3) }, "values"],
      ["steps that it does not have", { steps: 1.5 }, "steps"],
      ["steering of another length", { steering: Array<number>(99).fill(0) }, "steering"],
      ["guidance beyond its range", { guidance: 1e6 }, "guidance"],
      ["guidance that is no number", { guidance: Number.NaN }, "guidance"],
    ])("refuses %s and goes on as if nothing had been", async (_, over, named) => {
      decoder.reset();
      const [, second] = await play(decoder);
      decoder.reset();
      const [one, two] = sequence();
      await decoder.decode(one!);
      await expect(decoder.decode(request(over))).rejects.toThrow(new RegExp(`\\[DECODER_FAILED\\] ${named}`));
      expect(said(await decoder.decode(two!))).toEqual(second);
    });

    test("refuses numbers that are none: in the window, in the steering", async () => {
      const { values } = request();
      values[1] = Number.NaN;
      await expect(decoder.decode(request({ values }))).rejects.toThrow(
        "[DECODER_FAILED] values: expected finite numbers",
      );
      const steering = manifest.latents.groups.map(() => Number.NaN);
      if (steering.length > 0)
        await expect(decoder.decode(request({ steering }))).rejects.toThrow(
          "[DECODER_FAILED] steering: expected finite",
        );
    });

    test("guidance at both ends of its range is taken, where it has one", async () => {
      const range = guidanceOf(manifest);
      expect(decoder.guidance === null).toBe(range === undefined);
      if (range === undefined) return;
      for (const guidance of [range.min, range.max]) await expect(alone({ guidance })).resolves.toBeDefined();
    });

    test("once disposed of, it may be so again, and others go on", async () => {
      const other = await open(1);
      await other.decoder.decode(request());
      await other.decoder.dispose();
      await other.decoder.dispose();
      await expect(alone()).resolves.toBeDefined();
    });

    test("its bundle reproduces its golden outputs; with changed weights it is refused", async () => {
      const golden = bundleFiles(manifest).find(([key]) => key === "golden")![1];
      const { tolerance } = JSON.parse(readFileSync(join(dir, golden.path), "utf8"));
      expect(await loadBundle(dir)).toBeLessThanOrEqual(tolerance);
      await withChangedWeights(dir, false, async (changed) =>
        expect(loadBundle(changed)).rejects.toThrow("[BUNDLE_DIGEST_MISMATCH]"),
      );
      await withChangedWeights(dir, true, async (changed) =>
        expect(loadBundle(changed)).rejects.toThrow("[BUNDLE_GOLDEN_MISMATCH]"),
      );
    });
  });
}
