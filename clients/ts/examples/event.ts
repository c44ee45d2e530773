/** Enters an event and waits for the first frame that was decoded after it, whose lineage has it unless a later one came in between: `node clients/ts/examples/event.ts [URL]`. */
import { connect } from "../index.ts";

using client = connect(process.argv[2] ?? "http://127.0.0.1:8787");
await client.opened();
const { n, atMs } = await client.event("reward");
const frame = await client.next("frame", ({ event }) => event !== null && event.n >= n);
console.log(
  `event ${n} at ${atMs.toFixed(1)} ms: frame ${frame.seq}, bin ${frame.bins[1]}, closed ${frame.stamps.closed.toFixed(1)} ms`,
);
