import type { Config } from "../../src/config.ts";
import { place } from "../placement.ts";
import type { Check } from "./checks.ts";

/**
 * Whether the operating system allows the cores and the priority that are configured, by trying them on this process, the doctor's own.
 * The last of all checks: what is placed stays placed.
 */
export function checkPlacement({ daemon, decoder }: Config["process"]): Check {
  const name = "placement";
  const asked = [daemon, decoder].some(
    ({ cores, nice, realtime }) => cores !== null || nice !== null || realtime !== null,
  );
  if (!asked) return { state: "ok", name, detail: "the operating system chooses cores and priority (process.*)" };
  try {
    place(daemon, "process.daemon");
    place(decoder, "process.decoder");
    return { state: "ok", name, detail: "the operating system allows process.daemon and process.decoder" };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { state: "fail", name, detail, mend: "docs/deadline.md says what needs which right" };
  }
}
