import type { EventBody, SpikesBody } from "../src/protocol/messages.ts";
import type { Bin, SourceEvent } from "../src/signal/types.ts";

/** A rig's event as viewers see it; the text `stimulus <id>` names the picture that came on, `stimulus blank` its end. */
export function toEventBody(event: SourceEvent, stimulusUrl: (id: string) => string | null): Omit<EventBody, "n"> {
  return {
    source: event.source,
    event: event.event,
    text: event.text,
    sourceS: event.time,
    atMs: event.receivedAtMs,
    stimulus: event.event === "text" ? namedStimulus(event.text, stimulusUrl) : null,
  };
}

/** What a client says, at `atMs` of the daemon's clock. */
export function clientEvent(
  text: string,
  atMs: number,
  stimulusUrl: (id: string) => string | null,
): Omit<EventBody, "n"> {
  return { source: "client", event: "text", text, sourceS: null, atMs, stimulus: namedStimulus(text, stimulusUrl) };
}

function namedStimulus(text: string, stimulusUrl: (id: string) => string | null): EventBody["stimulus"] {
  const id = /^stimulus (\S+)$/.exec(text)?.[1];
  return id === undefined ? null : { id, url: id === "blank" ? null : stimulusUrl(id) };
}

/** An event of the daemon itself. */
export function daemonEvent(text: string, atMs: number): Omit<EventBody, "n"> {
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
