import type { SourceMessage } from "../../src/signal/types.ts";
import { failIn } from "./fail.ts";
import { type LogMetadata, logMetadata, parseRecord } from "./log-records.ts";
import { readMcapLog } from "./mcap-log.ts";

/** A recording of our own: the source's messages as they came, so that a replay closes the same bins. */
export interface MessageRecording {
  readonly kind: "messages";
  readonly format: string;
  readonly labels: readonly string[];
  readonly messages: readonly SourceMessage[];
  readonly notes: readonly string[];
  readonly metadata: LogMetadata;
}

/** Reads a recording of the daemon, of one source. Throws RECORDING_INVALID; a file that was cut is read up to its last whole chunk. */
export function parsePhosphene(bytes: Uint8Array, file: string, source: string | undefined): MessageRecording {
  const fail = failIn(file);
  const messages: SourceMessage[] = [];
  const sources = new Set<string>();
  let index = 0;
  const log = readMcapLog(bytes, (record) => {
    const message = parseRecord(record, index++, fail);
    if (message === null) return;
    sources.add(message.source);
    if (source === undefined || message.source === source) messages.push(message);
  });
  const metadata = logMetadata.safeParse(Object.fromEntries(log.metadata));
  if (!metadata.success) {
    const key = metadata.error.issues[0]?.path.join(".");
    return fail(0, `metadata ${key ?? ""}`, "a recording of Phosphene, format 1", log.stopped ?? "something else");
  }
  const names = [...sources].join(", ");
  if (source !== undefined && messages.length === 0) fail("its sources", "source", source, names || "none");
  if (source === undefined && sources.size > 1) fail("its sources", "one source, or `source` naming one", "one", names);
  const notes = log.stopped === null ? [] : [`read up to where it ends or is damaged: ${log.stopped}`];
  return {
    kind: "messages",
    format: "phosphene",
    labels: metadata.data.unitLabels,
    messages,
    notes,
    metadata: metadata.data,
  };
}
