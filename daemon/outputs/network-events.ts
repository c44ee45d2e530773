import { openRequester, type Requester } from "../../adapters/zeromq/requester.ts";
import type { Config } from "../../src/config.ts";
import type { Wire } from "../../src/outputs/wire.ts";
import { OutputBooks } from "./books.ts";
import type { Output, OutputContext } from "./output.ts";
import { Pulses } from "./pulses.ts";

/** How long the end waits for lines to fall. */
const CLOSE_MS = 500;

/** TTL pulses in Open Ephys by its Network Events plugin. Errors: CONFIG_INVALID. */
export async function openNetworkEvents(
  config: Config["outputs"]["networkEvents"],
  { bundle, now, log }: OutputContext,
): Promise<Output> {
  const { endpoint, replyMs } = config;
  const books = new OutputBooks(config.deadlineMs, now);
  const rules = config.rules.map(({ line, ...rule }) => ({ ...rule, line: String(line) }));
  const requester = await openRequester({ endpoint, replyMs, now });
  const pulses = new Pulses(rules, bundle, wireOf(requester), { books, now, where: "outputs.networkEvents" });
  log("info", `triggers go to Open Ephys at ${endpoint}`);
  return {
    name: "networkEvents",
    books,
    state: () => ({ state: requester.state, detail: detailOf(books, pulses) }),
    urgent: (frame) => pulses.frame(frame),
    event: (event) => pulses.event(event, now()),
    prepare: async (next) => pulses.prepare(next),
    async close() {
      const { promise: patience, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CLOSE_MS);
      await Promise.race([pulses.close(), patience]);
      clearTimeout(timer);
      requester.close();
    },
  };
}

function wireOf(requester: Requester): Wire {
  const set = async (line: string, state: 0 | 1, untilMs: number) => {
    const { handedMs, text } = await requester.request(`TTL Line=${line} State=${state}`, untilMs);
    if (!text.startsWith("TTLHandled"))
      throw new Error(`line ${line}: Open Ephys answered ${JSON.stringify(text.slice(0, 80))}`);
    return handedMs;
  };
  return {
    raise: (line, untilMs) => set(line, 1, untilMs),
    lower: (line) => set(line, 0, Number.POSITIVE_INFINITY),
  };
}

function detailOf({ detail }: OutputBooks, { stuck }: Pulses): string {
  return stuck === 0 ? detail : `${stuck} lines may still be high. ${detail}`;
}
