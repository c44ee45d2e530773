import type { EventBody, SpikesBody } from "../src/protocol/messages.ts";
import type { Bin, SourceEvent } from "../src/signal/types.ts";

/** A rig's event as viewers see it; the text `stimulus <id>` names the picture that came on, `stimulus blank` its end. */
export function toEventBody(event: SourceEvent, stimulusUrl: (id: string) => string | null): EventBody {
  const id = event.event === "text" ? /^stimulus (\S+)$/.exec(event.text)?.[1] : undefined;
  return {
    source: event.source,
    event: event.event,
    text: event.text,
    sourceS: event.time,
    atMs: event.receivedAtMs,
    stimulus: id === undefined ? null : { id, url: id === "blank" ? null : stimulusUrl(id) },
  };
}

/** An event of the daemon itself. */
export function daemonEvent(text: string, atMs: number): EventBody {
  return { source: "daemon", event: "text", text, sourceS: null, atMs, stimulus: null };
}

/** A closed bin as viewers' rasters want it. */
export function spikesBody(bin: Bin): SpikesBody {
  const { spikeUnits, spikeOffsetsMs } = bin;
  return {
    index: bin.index,
    startS: bin.startS,
    widthMs: (bin.endS - bin.startS) * 1000,
    units: new Uint8Array(spikeUnits.buffer, spikeUnits.byteOffset, spikeUnits.byteLength),
    offsetsMs: new Uint8Array(spikeOffsetsMs.buffer, spikeOffsetsMs.byteOffset, spikeOffsetsMs.byteLength),
    closedMs: bin.closedAtMs,
  };
}
