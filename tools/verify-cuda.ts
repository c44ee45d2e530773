// What `npm run setup:cuda` ends with: the tiny bundle on CUDA and on the CPU, in decoder processes as the daemon starts them. One line and exit
// code 0, or what is missing on standard error and exit code 1.
import { fileURLToPath } from "node:url";
import { cudaLibraries } from "../daemon/decoder/libraries.ts";
import type { Provider } from "../daemon/decoder/providers.ts";
import { DecoderSupervisor } from "../daemon/decoder/supervisor.ts";
import { hasNvidiaDevice } from "../daemon/decoder/survey.ts";

const BUNDLE = fileURLToPath(new URL("../test/fixtures/tiny-bundle", import.meta.url));
/** Of 256: fp16 on CUDA against fp32, as the golden outputs allow. */
const LEVELS = 7;

async function decodeOn(provider: Provider) {
  const load = {
    dir: BUNDLE,
    solver: "ddim",
    maxSteps: 4,
    guidance: null,
    seed: 1,
    threads: 1,
    keepWarmMs: null,
  } as const;
  const way = { provider, runner: "auto" } as const;
  const supervisor = new DecoderSupervisor({ load, way, stallMs: 10_000, onState: () => {} });
  try {
    const { runner, precision, costMs } = await supervisor.start();
    const values = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
    const { image } = await supervisor.decode({ values, steps: 4, steering: [0, 0, 0, 0] });
    return { image, runner, precision, costMs };
  } finally {
    await supervisor.close();
  }
}

function advice(): string {
  if (!hasNvidiaDevice())
    return "The files are there, but no NVIDIA device or driver answers on this machine: frames are made on the CPU, and nothing else changes.";
  const { missing } = cudaLibraries();
  if (missing.length === 0) return "docs/gpu.md says what to look at.";
  return `The provider needs ${missing.join(", ")}: install CUDA and cuDNN, or the Python packages that carry them (docs/gpu.md).`;
}

try {
  const cuda = await decodeOn("cuda");
  const cpu = await decodeOn("cpu");
  const worst = cuda.image.reduce((most, value, i) => Math.max(most, Math.abs(value - cpu.image[i]!)), 0);
  if (worst > LEVELS)
    throw new Error(`pictures of CUDA and CPU differ by ${worst} of 256 levels, expected at most ${LEVELS}`);
  const cost = cuda.costMs["4"]?.toFixed(2);
  process.stdout.write(
    `CUDA works: ${cuda.runner} graphs, ${cuda.precision}, 4 steps of the tiny bundle in ${cost} ms, within ${worst} of 256 levels of the CPU's picture\n`,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${advice()}\n`);
  process.exitCode = 1;
}
