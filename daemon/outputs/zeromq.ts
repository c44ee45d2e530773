import { openPublisher } from "../../adapters/zeromq/publisher.ts";
import type { Config } from "../../src/config.ts";
import {
  closeOf,
  eventMessage,
  frameMessage,
  latentsMessage,
  type Parts,
  type ZeroMqTopic,
} from "../../src/outputs/zeromq-format.ts";
import { OutputBooks } from "./books.ts";
import type { Output, OutputContext } from "./output.ts";

/** Latents, frames and events on a PUB socket (docs/outputs.md); every message counts once. Errors: ADDRESS_IN_USE, OUTPUT_UNAVAILABLE. */
export async function openZeroMq(config: Config["outputs"]["zeromq"], context: OutputContext): Promise<Output> {
  const { session, now } = context;
  const publisher = await openPublisher(config.endpoint);
  const books = new OutputBooks(config.deadlineMs, now);
  const numbers: Record<ZeroMqTopic, number> = { latents: 0, frame: 0, event: 0 };
  // A message that was late has its number too: the reader sees that it is missing.
  const publish = (topic: ZeroMqTopic, originMs: number, make: (counted: { n: number; session: string }) => Parts) => {
    const n = numbers[topic]++;
    if (!books.begin(originMs)) return;
    const sending = publisher.send(make({ n, session }));
    const handedMs = now();
    sending.then(
      () => books.sent(originMs, handedMs),
      (error: unknown) => books.failed(error),
    );
  };
  return {
    name: "zeromq",
    books,
    state: () => ({ state: "open", detail: books.detail }),
    frame: (frame) => {
      const originMs = closeOf(frame);
      if (frame.held === null) publish("latents", originMs, (counted) => latentsMessage(frame, counted));
      publish("frame", originMs, (counted) => frameMessage(frame, counted, config.pictures));
    },
    event: (event) => publish("event", now(), (counted) => eventMessage(event, counted)),
    close: async () => publisher.close(),
  };
}
