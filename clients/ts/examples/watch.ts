/** Prints the lineage of ten decoded frames: `node clients/ts/examples/watch.ts [http://127.0.0.1:8787]`. */
import { connect } from "../index.ts";

const client = connect(process.argv[2] ?? "http://127.0.0.1:8787");
let left = 10;
for await (const { seq, state, bits, width, height, image, event } of client.each("frame")) {
  const evidence = bits.map((value) => value.toFixed(1)).join(" ");
  console.log(
    `frame ${seq} ${state}: ${width}x${height}, ${image.length} bytes, bits ${evidence}, after ${event?.text}`,
  );
  if (--left === 0) break;
}
client.close();
