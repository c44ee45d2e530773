import type { Command } from "commander";
import type { Config } from "../../src/config.ts";
import { checkAccess } from "./check-access.ts";
import { checkClock } from "./check-clock.ts";
import { checkGpu } from "./check-gpu.ts";
import { checkPlacement } from "./check-placement.ts";
import { checkSource } from "./check-source.ts";
import {
  type Check,
  checkAgreement,
  checkBundle,
  checkLsl,
  checkNode,
  checkPackage,
  checkPort,
  checkRecordings,
} from "./checks.ts";
import { configOption, loadConfig } from "./options.ts";

/** `phosphene doctor`: everything that a start needs, one sentence each; exit code 1 when something would stop it. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check this machine, the configuration and the bundle; say what is wrong and how to mend it")
    .addOption(configOption)
    .action(async (options: { config?: string }) => {
      let failed = false;
      for await (const check of checks(options.config)) {
        failed ||= check.state === "fail";
        process.stdout.write(`${line(check)}\n`);
      }
      process.exitCode = failed ? 1 : 0;
    });
}

/** One after another: they would disturb each other's times. */
async function* checks(file: string | undefined): AsyncGenerator<Check> {
  yield checkNode();
  const { check, config } = await readConfiguration(file);
  yield check;
  yield await checkClock();
  yield await checkPackage("zeromq", "Open Ephys");
  yield await checkPackage("onnxruntime-node", "the decoder");
  yield await checkLsl(config !== null && JSON.stringify(config).includes('"kind":"lsl'));
  yield checkGpu();
  if (config === null) return;
  yield await checkPort(config.server);
  yield await checkAccess(config);
  for (const source of [config.source, ...config.otherSources]) yield await checkSource(source);
  yield await checkRecordings(config.record.dir);
  for (const dir of [config.bundle, ...config.bundles]) yield await checkBundle(dir, config.decode);
  yield* await checkAgreement(config);
  yield checkPlacement(config.process);
}

async function readConfiguration(file: string | undefined): Promise<{ check: Check; config: Config | null }> {
  const name = "configuration";
  try {
    const config = await loadConfig(file);
    return { check: { state: "ok", name, detail: file ?? "./config.yaml, or the defaults" }, config };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return {
      check: { state: "fail", name, detail, mend: "correct it; docs/config.md explains every key" },
      config: null,
    };
  }
}

function line({ state, name, detail, mend }: Check): string {
  const head = `${state.padEnd(4)}  ${name}: ${detail}`;
  return mend === undefined ? head : `${head}\n      to mend: ${mend}`;
}
