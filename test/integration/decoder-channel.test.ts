import { expect, onTestFinished, test } from "vitest";
import { readBundle } from "../../daemon/bundle.ts";
import type { DecoderState } from "../../daemon/decoder/host.ts";
import { DecoderSupervisor, type SupervisorOptions } from "../../daemon/decoder/supervisor.ts";

const DIR = "test/fixtures/tiny-bundle";
const LOAD = { dir: DIR, solver: "ddim", maxSteps: 4, guidance: null, seed: 1, threads: 1, keepWarmMs: null } as const;

type Variant = Partial<Pick<SupervisorOptions, "channel" | "spinMs" | "onState">>;

async function start(variant: Variant): Promise<DecoderSupervisor> {
  const way = { provider: "cpu", runner: "auto" } as const;
  const supervisor = new DecoderSupervisor({ load: LOAD, way, stallMs: 20_000, onState: () => {}, ...variant });
  onTestFinished(() => supervisor.close());
  await supervisor.start();
  return supervisor;
}

const { manifest } = await readBundle(DIR);
const window = (seed: number) => ({
  values: Float32Array.from({ length: manifest.bins.window * manifest.units.count }, (_, i) => Math.sin(seed + i)),
  steps: [1, 2, 4][seed % 3]!,
  steering: manifest.latents.groups.map((_, group) => 0.1 * group),
});

test("through shared memory, with and without spinning, answers are those of messages, bit for bit", async () => {
  const variants: Variant[] = [{}, { spinMs: 2 }, { channel: "messages" }];
  const supervisors = await Promise.all(variants.map(start));
  for (let seed = 0; seed < 12; seed++) {
    const answers = await Promise.all(supervisors.map((supervisor) => supervisor.decode(window(seed))));
    const pictures = answers.map(({ image, mu, logvar, expected, readouts }) => ({
      image,
      mu,
      logvar,
      expected,
      readouts,
    }));
    expect(pictures[0]).toEqual(pictures[2]);
    expect(pictures[1]).toEqual(pictures[2]);
  }
});

test("windows that come while one is decoded wait for their turn; every one is answered with its own answer", async () => {
  const supervisor = await start({});
  const together = await Promise.all(Array.from({ length: 9 }, (_, seed) => supervisor.decode(window(seed))));
  for (const [seed, { mu }] of together.entries()) expect((await supervisor.decode(window(seed))).mu).toEqual(mu);
});

test("a window that is too large for the memory, and one that the decoder refuses, fail alone", async () => {
  const supervisor = await start({});
  const { steps, steering } = window(0);
  const values = new Float32Array(1 << 20);
  await expect(supervisor.decode({ values, steps, steering })).rejects.toThrow(
    "[DECODER_FAILED] a window: expected at most",
  );
  await expect(supervisor.decode({ values: values.subarray(1), steps: 1, steering: [] })).rejects.toThrow(
    "[DECODER_FAILED]",
  );
  const pid = supervisor.pid;
  expect((await supervisor.decode(window(0))).image).toHaveLength(manifest.image.width * manifest.image.height * 3);
  expect(supervisor.pid).toBe(pid);
});

test("a decoder that is killed in the middle of a window fails it, and the next process gets a channel of its own", async () => {
  const ready = Promise.withResolvers<void>();
  let starts = 0;
  const onState = (state: DecoderState) => {
    if (state === "ready" && ++starts === 2) ready.resolve();
  };
  const supervisor = await start({ spinMs: 1, onState });
  const lost = supervisor.decode(window(2));
  process.kill(supervisor.pid!, "SIGKILL");
  await expect(lost).rejects.toThrow("[DECODER_FAILED] the decoder process ended");
  await ready.promise;
  expect((await supervisor.decode(window(2))).mu).toHaveLength(manifest.latents.dimension);
  expect(supervisor.restarts).toBe(1);
});
