import type { Command } from "commander";
import { stringify } from "yaml";
import { configOption, loadConfig } from "./options.ts";

/** `phosphene check`: prints the effective configuration, or every mistake in it. */
export function addCheck(program: Command): void {
  program
    .command("check")
    .description("check the configuration and print what is in effect")
    .addOption(configOption)
    .action(async (options: { config?: string }) => {
      process.stdout.write(stringify(await loadConfig(options.config)));
    });
}
