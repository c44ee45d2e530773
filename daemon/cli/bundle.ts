import { type Command, Option } from "commander";
import { PROVIDERS, type WayChoice } from "../decoder/providers.ts";
import { parsePositive } from "./options.ts";
import { tryBundle } from "./try-bundle.ts";

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
      const say = (message: string) => process.stderr.write(`${message}\n`);
      const { manifest, digest, ready, costs } = await tryBundle(dir, options, say);
      process.stdout.write(
        `${manifest.name} ${digest.slice(0, 12)} reproduces its golden outputs on ${ready.provider} (${ready.runner}, ${ready.precision})`,
      );
      process.stdout.write(` (largest difference ${ready.goldenDifference.toExponential(1)}); steps ${costs}\n`);
    });
}
