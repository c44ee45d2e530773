import type { Logger } from "pino";
import type { Daemon } from "../daemon.ts";

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (stopping) process.exit(130);
      stopping = true;
      resolve(signal);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}

/** Closes the daemon when a signal `stopped` it; rejects with its reason when it cannot go on by itself. */
export async function untilStopped(daemon: Daemon, stopped: Promise<NodeJS.Signals>, log: Logger): Promise<void> {
  const failed = daemon.failed.then((reason) => ({ reason }));
  const end = await Promise.race([stopped, failed]);
  log.info(`${typeof end === "string" ? end : "failed"}: stopping`);
  await daemon.close();
  if (typeof end !== "string") throw end.reason;
}
