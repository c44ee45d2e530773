import { PhospheneError } from "../../src/errors.ts";

/** Ends the process: one line for an error that the user can act on (2 for a configuration, 1 for the rest), a stack for a defect of ours. */
export function fail(error: unknown): never {
  if (error instanceof PhospheneError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(error.code.startsWith("CONFIG_") ? 2 : 1);
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(70);
}
