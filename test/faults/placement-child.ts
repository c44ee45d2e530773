// Places itself as the first argument says, perhaps as another user, and tells every thread's cores, nice value and policy.
import { readdirSync, readFileSync } from "node:fs";
import { deferEngineThreads } from "../../daemon/engine-threads.ts";
import { place } from "../../daemon/placement.ts";

const { user, placement, defer } = JSON.parse(process.argv[2]!);
if (user !== undefined) {
  process.setgid?.(user);
  process.setuid?.(user);
}
try {
  place(placement, "process.decoder");
  if (defer === true) deferEngineThreads();
  const threads = readdirSync("/proc/self/task").map((thread) => {
    const status = readFileSync(`/proc/self/task/${thread}/status`, "utf8");
    // Fields after the name, which may hold spaces: state is the 3rd, nice the 19th, policy the 41st (proc_pid_stat(5)).
    const fields = readFileSync(`/proc/self/task/${thread}/stat`, "utf8").split(") ")[1]!.split(" ");
    const cores = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1];
    const name = readFileSync(`/proc/self/task/${thread}/comm`, "utf8").trim();
    return { name, cores, nice: Number(fields[16]), policy: Number(fields[38]), priority: Number(fields[37]) };
  });
  process.stdout.write(`placed ${JSON.stringify(threads)}\n`);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
}
