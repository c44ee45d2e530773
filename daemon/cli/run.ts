import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { Config } from "../../src/config.ts";
import { startDaemon } from "../daemon.ts";
import { makeLog } from "./log.ts";
import { configOption, loadConfig, parseDisplay, parsePort } from "./options.ts";
import { stopSignal, untilStopped } from "./signals.ts";

interface RunOptions {
  config?: string;
  bundle?: string;
  offer?: string[];
  stimuli?: string;
  source?: string;
  present?: string;
  port?: number;
}

/** `phosphene run`: the daemon. */
export function addRun(program: Command): void {
  program
    .command("run")
    .description("decode: connect to the source, serve viewers")
    .addOption(configOption)
    .option("-b, --bundle <dir>", "bundle folder, instead of the configured one")
    .option("--offer <dir...>", "bundle folders that operators may switch to, instead of the configured ones")
    .option(
      "--stimuli <dir>",
      "folder of stimulus pictures, instead of the configured one (default: the bundle's session folder, where it has one)",
    )
    .option("--source <endpoint>", "endpoint of the source, instead of the configured one")
    .option(
      "--present <endpoint>",
      "display that shows operators' pictures, instead of the configured one",
      parseDisplay,
    )
    .option("-p, --port <port>", "port of the server, instead of the configured one", parsePort)
    .action(async (options: RunOptions) => {
      const config = override(await loadConfig(options.config), options);
      const log = makeLog(config.log.level);
      const stopped = stopSignal();
      const daemon = await startDaemon(config, log);
      process.stdout.write(`phosphene: watching at ${daemon.url}\n`);
      await untilStopped(daemon, stopped, log);
    });
}

function override(config: Config, options: RunOptions): Config {
  const bundle = options.bundle ?? config.bundle;
  const session = `${bundle}/session`;
  const ownSession = options.bundle !== undefined && existsSync(session) ? session : config.stimuli;
  return {
    ...config,
    bundle,
    bundles: options.offer ?? config.bundles,
    stimuli: options.stimuli ?? ownSession,
    source: {
      ...config.source,
      options:
        options.source === undefined ? config.source.options : { ...config.source.options, endpoint: options.source },
    },
    present: options.present === undefined ? config.present : { endpoint: options.present },
    server: { ...config.server, port: options.port ?? config.server.port },
  };
}
