import { connect, type Socket } from "node:net";
import { Observable } from "rxjs";
import { z } from "zod";
import { type AdapterContext, defineAdapter } from "../../adapters/define.ts";
import type { SourceMessage } from "../../src/signal/types.ts";

const options = z.strictObject({
  host: z.string().default("127.0.0.1"),
  port: z.int().min(1).max(65_535).default(9_100),
});
const line = z.union([
  z.object({ t: z.number().min(0), unit: z.string() }),
  z.object({ t: z.number().min(0), text: z.string() }),
]);
const LONGEST_LINE = 4_096;
const RETRY_MS = 500;

/** One JSON object a line over TCP: `{"t":1.25,"unit":"E1.1"}` or `{"t":1.25,"text":"stimulus a"}`, t in seconds. */
export const jsonLines = defineAdapter<z.infer<typeof options>>({
  kind: "json-lines",
  options,
  open: ({ host, port }, context) =>
    new Observable((subscriber) => {
      const { source, now } = context;
      const intake = createIntake(context, (message) => subscriber.next(message));
      let socket: Socket | undefined;
      let retry: NodeJS.Timeout | undefined;
      const say = (state: "connecting" | "connected" | "disconnected") =>
        subscriber.next({ kind: "connection", source, state, detail: `${host}:${port}`, receivedAtMs: now() });
      const dial = () => {
        let up = false;
        socket = connect(port, host, () => {
          up = true;
          say("connected");
        });
        socket.setEncoding("utf8").on("data", intake.data);
        socket.on("error", () => {}); // "close" follows
        socket.on("close", () => {
          if (subscriber.closed) return;
          if (up) say("disconnected");
          intake.cut();
          retry = setTimeout(dial, RETRY_MS);
        });
      };
      say("connecting");
      dial();
      return () => {
        clearTimeout(retry);
        socket?.destroy();
      };
    }),
});

/** No I/O here: text in, messages out, whatever the text is. */
function createIntake({ source, unitLabels, counters, now }: AdapterContext, emit: (message: SourceMessage) => void) {
  const unitOf = new Map(unitLabels.map((label, unit) => [label, unit]));
  let [rest, lastTime, seq] = ["", 0, 0];
  let times: number[] = [];
  let units: number[] = [];
  const flush = () => {
    const block = { times: Float64Array.from(times), units: Uint16Array.from(units) };
    if (times.length > 0) emit({ kind: "spikes", source, seq: seq++, ...block, receivedAtMs: now() });
    times = [];
    units = [];
  };
  const take = (text: string) => {
    counters.messages++;
    const { success, data } = line.safeParse(parseJson(text));
    if (!success) return counters.malformed++;
    if (data.t < lastTime - 1) {
      flush();
      counters.restarts++;
      emit({ kind: "restart", source, receivedAtMs: now() });
    }
    lastTime = data.t;
    if ("text" in data) {
      flush();
      counters.events++;
      return emit({ kind: "event", source, event: "text", time: data.t, text: data.text, receivedAtMs: now() });
    }
    const unit = unitOf.get(data.unit);
    if (unit === undefined) return counters.unknownUnits++;
    counters.spikes++;
    units.push(unit);
    return times.push(data.t);
  };
  return {
    data: (text: string) => {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(0, LONGEST_LINE);
      for (const each of lines) take(each);
      flush(); // one block for what one read brought, never one emission per spike
    },
    cut: () => {
      rest = "";
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
