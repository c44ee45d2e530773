// Starts a hog, says so, and waits to be killed.
import { startHog } from "../../bench/hog.ts";

const { pids } = await startHog(1);
process.stdout.write(`hog ${pids[0]}\n`);
setInterval(() => {}, 60_000);
