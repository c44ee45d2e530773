import type { Command } from "commander";
import { parsePort, parsePositive } from "./options.ts";
import { stopSignal } from "./signals.ts";

interface RigOptions {
  session?: string;
  recording?: string;
  port: number;
  seed: number;
  speed: number;
  blockMs: number;
  continuousChannels: number;
  interactive?: boolean;
  presentPort?: number;
  holdMs?: number;
}

/** `phosphene rig`: the simulated rig, a peer of the daemon that shares nothing with it but the wire. */
export function addRig(program: Command): void {
  program
    .command("rig")
    .description("simulate a rig: publish spikes in the Open Ephys ZMQ Interface format")
    .option("--session <dir>", "session folder to play (default: models/demo/session, or that of the recording)")
    .option("--recording <dir>", "play real spike trains: a folder of macaque IT rasters")
    .option("-p, --port <port>", "data port; heartbeats are answered on the next one", parsePort, 5556)
    .option("--seed <n>", "seed of stimuli and spikes", Number, 1)
    .option("--speed <factor>", "1 is real time", parsePositive, 1)
    .option("--block-ms <ms>", "length of an acquisition block", parsePositive, 10)
    .option("--continuous-channels <n>", "channels of continuous data", Number, 4)
    .option("--interactive", "show pictures that the daemon hands on, too; the session goes on when none comes")
    .option("--present-port <port>", "where it takes them (default: the data port + 2)", parsePort)
    .option("--hold-ms <ms>", "how long such a picture stays when no other comes (default: 10000)", parsePositive)
    .option("--name <name>", "of the LSL streams of a session of BOLD time courses (default: phosphene-rig)")
    .option("--events <url>", "address of a daemon that is told what such a session shows, http://127.0.0.1:8787")
    .action(async (options: RigOptions) => {
      const abort = new AbortController();
      stopSignal().then(() => abort.abort());
      const { runRig } = await import("../../rig/main.ts");
      await runRig(options, abort.signal);
    });
}
