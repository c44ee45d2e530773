import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DecodeRequest, Decoder } from "../../src/decode/decoder.ts";
import type { Manifest } from "../../src/decode/manifest.ts";

export interface DecoderSubject {
  readonly name: string;
  /** A fresh decoder of the given seed, and the manifest of its bundle. */
  readonly open: (seed: number) => Promise<{ decoder: Decoder; manifest: Manifest }>;
  /** Whether the picture depends on the seed; a kind without noise has none. */
  readonly seeded: boolean;
}

/** What every decoder kind must do; a kind's test file is one call. */
export function decoderContract({ name, open, seeded }: DecoderSubject): void {
  describe(`decoder contract: ${name}`, () => {
    let decoder: Decoder;
    let manifest: Manifest;
    const request = (over: Partial<DecodeRequest> = {}): DecodeRequest => ({
      values: Float32Array.from({ length: manifest.bins.window * manifest.units.count }, (_, i) => Math.sin(i)),
      steps: decoder.steps.at(-1)!,
      steering: manifest.latents.groups.map(() => 0),
      ...over,
    });

    beforeAll(async () => {
      ({ decoder, manifest } = await open(1));
    });
    afterAll(() => decoder.dispose());

    test("shapes and times are as promised", async () => {
      const { image, latents, units } = manifest;
      const decoded = await decoder.decode(request());
      expect(decoded.image.length).toBe(3 * image.height * image.width);
      expect(decoded.mu.length).toBe(latents.dimension);
      expect(decoded.logvar.length).toBe(latents.dimension);
      expect(decoded.expected.length).toBe(units.count);
      for (const { name, labels } of manifest.readouts) expect(decoded.readouts[name]?.length).toBe(labels.length);
      expect(decoded.startedMs).toBeLessThanOrEqual(decoded.encodedMs);
      const { encodedMs, steppedMs, synthesisedMs } = decoded;
      const times = [encodedMs, ...steppedMs, synthesisedMs];
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(steppedMs.length).toBeGreaterThan(0);
    });

    test("the same request gives the same answer, bit for bit, also from another instance", async () => {
      const first = await decoder.decode(request());
      const again = await decoder.decode(request());
      const other = await open(1);
      const elsewhere = await other.decoder.decode(request());
      await other.decoder.dispose();
      for (const { image, mu } of [again, elsewhere]) {
        expect(image).toEqual(first.image);
        expect(mu).toEqual(first.mu);
      }
    });

    test("other spikes, other steering: another picture", async () => {
      const reference = (await decoder.decode(request())).image;
      const values = request().values.map((value) => -value);
      expect((await decoder.decode(request({ values }))).image).not.toEqual(reference);
      const steering = manifest.latents.groups.map((_, i) => (i === 0 ? 3 : 0));
      expect((await decoder.decode(request({ steering }))).image).not.toEqual(reference);
    });

    test(seeded ? "another seed: another picture" : "another seed: the same picture", async () => {
      const reference = (await decoder.decode(request())).image;
      const other = await open(2);
      const { image } = await other.decoder.decode(request());
      await other.decoder.dispose();
      if (seeded) expect(image).not.toEqual(reference);
      else expect(image).toEqual(reference);
    });

    test("every number of steps that it names works", async () => {
      for (const steps of decoder.steps) await expect(decoder.decode(request({ steps }))).resolves.toBeDefined();
    });

    test.each([
      ["a window of another length", { values: new Float32Array(3) }, "values"],
      ["steps that it does not have", { steps: 3 }, "steps"],
      ["steering of another length", { steering: [0] }, "steering"],
      ["guidance beyond its range", { guidance: 1e6 }, "guidance"],
      ["guidance that is no number", { guidance: Number.NaN }, "guidance"],
    ])("refuses %s and goes on", async (_, over, named) => {
      await expect(decoder.decode(request(over))).rejects.toThrow(new RegExp(`\\[DECODER_FAILED\\] ${named}`));
      await expect(decoder.decode(request())).resolves.toBeDefined();
    });

    test("refuses a window with a number that is none", async () => {
      const { values } = request();
      values[1] = Number.NaN;
      await expect(decoder.decode(request({ values }))).rejects.toThrow(
        "[DECODER_FAILED] values: expected finite numbers",
      );
    });
  });
}
