import type { Config } from "../src/config.ts";
import type { Placement } from "./placement.ts";

/** Places the daemon as configured; returns the placement of the decoder process, which would inherit the daemon's otherwise. */
export async function placeDaemon({ daemon, decoder }: Config["process"]): Promise<Placement> {
  if (daemon.cores === null && daemon.nice === null && daemon.realtime === null) return decoder;
  // Late: a daemon that places nothing loads nothing native for it.
  const { place, placementNow } = await import("./placement.ts");
  if (process.platform === "linux") {
    const before = placementNow();
    place(daemon, "process.daemon");
    return {
      cores: decoder.cores ?? (daemon.cores && before.cores),
      nice: decoder.nice ?? (daemon.nice === null ? null : before.nice),
      realtime: decoder.realtime ?? (daemon.realtime === null ? null : 0),
    };
  }
  place(daemon, "process.daemon");
  return decoder;
}
