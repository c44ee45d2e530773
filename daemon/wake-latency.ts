import { closeSync, openSync, writeSync } from "node:fs";
import { PhospheneError } from "../src/errors.ts";

const DEVICE = "/dev/cpu_dma_latency";

/**
 * Asks the kernel that no core sleeps so deeply that it takes longer than `us` to wake, until the function it returns is called or the process
 * ends (Documentation/power/pm_qos_interface.rst: a signed 32-bit number, held as long as the file is open). Throws SYSTEM_REFUSED.
 */
export function holdWakeLatency(us: number, device = DEVICE): () => void {
  try {
    const file = openSync(device, "r+");
    writeSync(file, new Uint8Array(Int32Array.of(us).buffer));
    return () => closeSync(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PhospheneError(
      "SYSTEM_REFUSED",
      `decode.wakeUs: expected the right to write to ${device}, got ${reason}; give the daemon's user that right, or set it to null`,
      { cause },
    );
  }
}
