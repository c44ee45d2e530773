import { type Command, Option } from "commander";
import { readBundle } from "../bundle.ts";
import { chooseHost } from "../decoder/choose-host.ts";
import { PROVIDERS, type WayChoice } from "../decoder/providers.ts";
import { parsePositive } from "./options.ts";

/** `phosphene bundle verify DIR`: what the daemon does with a bundle at start, and nothing else. */
export function addBundle(program: Command): void {
  program
    .command("bundle")
    .description("work with bundles")
    .command("verify")
    .argument("<dir>", "bundle folder")
    .option("--threads <n>", "threads of the CPU provider", parsePositive, 2)
    .description("check digests, graphs and golden outputs; print the cost of a frame on this machine")
    .addOption(new Option("--provider <name>", "execution provider").choices(["auto", ...PROVIDERS]).default("cpu"))
    .addOption(new Option("--runner <name>", "how graphs are run").choices(["auto", "bound", "plain"]).default("auto"))
    .action(async (dir: string, options: { threads: number } & WayChoice) => {
      const bundle = await readBundle(dir);
      const host = chooseHost(bundle, {
        load: { dir, solver: "ddim", maxSteps: 4, guidance: null, seed: 1, threads: options.threads, keepWarmMs: null },
        way: { provider: options.provider, runner: options.runner },
        stallMs: 10_000,
        onState: () => {},
        onProgress: (message) => process.stderr.write(`${message}\n`),
      });
      try {
        const ready = await host.start();
        const costs = Object.entries(ready.costMs).map(([k, ms]) => `${k}: ${ms.toFixed(2)} ms`);
        process.stdout.write(
          `${bundle.manifest.name} ${bundle.digest.slice(0, 12)} reproduces its golden outputs on ${ready.provider} (${ready.runner}, ${ready.precision})`,
        );
        process.stdout.write(
          ` (largest difference ${ready.goldenDifference.toExponential(1)}); steps ${costs.join(", ")}\n`,
        );
      } finally {
        await host.close();
      }
    });
}
