// `npm run bench -- ingest`: spikes in the Open Ephys format over ZeroMQ into a whole daemon that decodes every bin, open loop. Three runs: libzmq as
// publisher at the full rate, for what is lost; a publisher that knows when its bytes arrived, for how long a spike takes from there to its bin; the
// same with a burst of ten times the rate, for what that does.
import { parseArgs } from "node:util";
import type { PublisherReport } from "./ingest/publisher.ts";
import { burstRun, type IngestRun, latencyRun, sustainedRun } from "./ingest/result.ts";
import { play, type RunOptions } from "./ingest/run.ts";
import { type IngestResult, ingestText, runText } from "./ingest/text.ts";
import type { WireReport } from "./ingest/wire-publisher.ts";
import { beginRun, OUTPUT_OPTIONS, publish } from "./output.ts";

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  rate: { type: "string" },
  seconds: { type: "string" },
  "latency-rate": { type: "string" },
  "latency-seconds": { type: "string" },
  "block-ms": { type: "string", default: "10" },
  bundle: { type: "string", default: "models/demo" },
  only: { type: "string", default: "sustained,latency,burst" },
} as const;

const FULL = { rate: "60000", seconds: "60", "latency-rate": "20000", "latency-seconds": "60", burstAtS: 2, burstS: 6 };
const SMOKE = { rate: "5000", seconds: "1", "latency-rate": "2000", "latency-seconds": "1", burstAtS: 0.5, burstS: 2 };
const NAMES = ["sustained", "latency", "burst"] as const;

export async function ingest(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const end = beginRun("ingest", args);
  const size = { ...(values.smoke ? SMOKE : FULL), ...values };
  const { bundle } = values;
  const blockMs = Number(values["block-ms"]);
  const request = (rig: RunOptions["rig"], rateHz: string, seconds: string | number): RunOptions => {
    return { rig, bundle, rateHz: Number(rateHz), seconds: Number(seconds), blockMs };
  };
  const { burstAtS, burstS, "latency-rate": latencyRate, "latency-seconds": latencySeconds } = size;
  const runs = {
    sustained: async () => sustainedRun(await play<PublisherReport>(request("publisher", size.rate, size.seconds))),
    latency: async () =>
      latencyRun(await play<WireReport>(request("wire-publisher", latencyRate, latencySeconds)), blockMs),
    burst: async () => {
      const run = await play<WireReport>({ ...request("wire-publisher", latencyRate, burstS), burstAtS });
      return burstRun(run, blockMs, burstAtS + 1);
    },
  };
  const done: IngestRun[] = [];
  for (const name of NAMES.filter((each) => values.only.split(",").includes(each))) {
    const run = await runs[name]();
    process.stderr.write(`${runText(run, blockMs)}\n\n`);
    done.push(run);
  }
  const result: IngestResult = { ...end(), bundle, blockMs, runs: done };
  publish(result, ingestText(result), { ...values, section: values.section ?? "ingest" });
}
