import { type Fail, failIn } from "./fail.ts";
import { createRecordingBuilder, type RecordingBuilder, type SpikeRecording } from "./recording.ts";

// Blackrock "NEV file format" 2.1 to 2.3 (magic NEURALEV) and 3.0 (BREVENTS: 64-bit time stamps). All little-endian.
const BASIC_BYTES = 336;
const EXTENDED_BYTES = 32;
const SPIKE_IDS_2_3 = 2048;
const SPIKE_IDS_2_1 = 255;
const DIGITAL = 0;
const COMMENT = 0xffff;
/** Bit of the insertion reason of a digital packet: the value came over the serial input. */
const SERIAL = 0x80;
/** Spikes are written when their waveform is complete, so time may step back a little; by more than this the clock was reset. */
const RESET_S = 1;
/** A clock that is further on counts from an epoch (PTP): its times are taken from the first packet, or doubles lose them. */
const EPOCH_S = 1e7;

interface Header {
  readonly version: number;
  readonly dataAt: number;
  readonly packetBytes: number;
  readonly ticksHz: number;
  readonly extended: number;
}

/** Spikes, digital events and comments of a Blackrock NEV file. Throws RECORDING_INVALID; a file cut in its last packet is read up to it. */
export function parseNev(bytes: Uint8Array, file: string): SpikeRecording {
  const fail = failIn(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view, fail);
  const labels = readLabels(view, header, fail);
  const builder = createRecordingBuilder(fail);
  const cut = (view.byteLength - header.dataAt) % header.packetBytes;
  if (cut > 0) builder.note(`the last packet is cut: ${cut} of ${header.packetBytes} bytes`);
  readPackets(view, header, labels, builder);
  return builder.finish(`nev ${(header.version / 10).toFixed(1)}`);
}

function readHeader(view: DataView, fail: Fail): Header {
  if (view.byteLength < BASIC_BYTES) fail(0, "NEV file", `at least ${BASIC_BYTES} bytes`, view.byteLength);
  const magic = latin1(view, 0, 8);
  if (magic !== "NEURALEV" && magic !== "BREVENTS") fail(0, "NEV file type", "NEURALEV or BREVENTS", magic);
  const [major, minor] = [view.getUint8(8), view.getUint8(9)];
  const version = 10 * major + minor;
  if (minor > 9 || version < 21 || version > 30) fail(8, "NEV version", "2.1 to 3.0", `${major}.${minor}`);
  if ((magic === "BREVENTS") !== version >= 30) fail(8, `version of a ${magic} file`, "3.0 for BREVENTS only", version);
  const header = {
    version,
    dataAt: view.getUint32(12, true),
    packetBytes: view.getUint32(16, true),
    ticksHz: view.getUint32(20, true),
    extended: view.getUint32(332, true),
  };
  const headers = BASIC_BYTES + EXTENDED_BYTES * header.extended;
  if (headers > view.byteLength) fail(332, "extended headers", "as many as the file holds", header.extended);
  if (header.dataAt < headers || header.dataAt > view.byteLength)
    fail(12, "start of the packets", `${headers} to ${view.byteLength}`, header.dataAt);
  const least = version >= 30 ? 16 : 12;
  if (header.packetBytes < least || header.packetBytes > 65_536)
    fail(16, "bytes of a packet", `${least} to 65536`, header.packetBytes);
  if (header.ticksHz < 1) fail(20, "resolution of time stamps", "at least 1 Hz", header.ticksHz);
  return header;
}

/** Names of electrodes; extended headers of other kinds are skipped. */
function readLabels(view: DataView, { extended }: Header, fail: Fail): Map<number, string> {
  const labels = new Map<number, string>();
  const taken = new Map<string, number>();
  for (let i = 0; i < extended; i++) {
    const at = BASIC_BYTES + EXTENDED_BYTES * i;
    if (latin1(view, at, 8) !== "NEUEVLBL") continue;
    const electrode = view.getUint16(at + 8, true);
    const label = latin1(view, at + 10, 16).trim();
    if (label === "") continue;
    const other = taken.get(label);
    if (other !== undefined && other !== electrode)
      fail(at, `label of electrode ${electrode}`, "one that no other electrode has", label);
    taken.set(label, electrode);
    labels.set(electrode, label);
  }
  return labels;
}

function readPackets(view: DataView, header: Header, labels: Map<number, string>, builder: RecordingBuilder): void {
  const { packetBytes, dataAt, version } = header;
  const timeBytes = version >= 30 ? 8 : 4;
  const spikeIds = version >= 23 ? SPIKE_IDS_2_3 : SPIKE_IDS_2_1;
  const units = new Map<number, number>();
  const toSeconds = clockOf(view, header);
  const digital = digitalEvents(builder);
  let latestS = Number.NEGATIVE_INFINITY;
  let skipped = 0;
  for (let at = dataAt; at + packetBytes <= view.byteLength; at += packetBytes) {
    const time = toSeconds(at);
    if (time < latestS - RESET_S) {
      builder.restart();
      latestS = time;
    } else latestS = Math.max(latestS, time);
    const body = at + timeBytes;
    const id = view.getUint16(body, true);
    if (id >= 1 && id <= spikeIds) {
      const sorted = view.getUint8(body + 2);
      const key = 256 * id + sorted;
      let unit = units.get(key);
      if (unit === undefined) {
        unit = builder.unit(`${labels.get(id) ?? `elec${id}`}.${sorted}`);
        units.set(key, unit);
      }
      builder.spike(time, unit);
    } else if (id === DIGITAL) digital(time, view.getUint8(body + 2), view.getUint16(body + 4, true));
    else if (id === COMMENT) comment(view, time, body, at + packetBytes, builder);
    else skipped++;
  }
  if (skipped > 0) builder.note(`${skipped} packets of other kinds (video, tracking, configuration) skipped`);
}

/** Time of the packet at a byte, s. */
function clockOf(view: DataView, { version, ticksHz, dataAt, packetBytes }: Header): (at: number) => number {
  if (version < 30) return (at) => view.getUint32(at, true) / ticksHz;
  const hz = BigInt(ticksHz);
  const first = dataAt + packetBytes <= view.byteLength ? view.getBigUint64(dataAt, true) : 0n;
  const origin = Number(first) / ticksHz > EPOCH_S ? first : 0n;
  // Whole seconds and the rest apart: ticks since 1970 in ns do not fit a double.
  return (at) => {
    const ticks = view.getBigUint64(at, true) - origin;
    return Number(ticks / hz) + Number(ticks % hz) / ticksHz;
  };
}

/** A digital packet carries the whole word: its changed lines become TTL events. A serial byte becomes a text. */
function digitalEvents(builder: RecordingBuilder): (time: number, reason: number, word: number) => void {
  let last = 0;
  return (time, reason, word) => {
    if (reason & SERIAL) return builder.event({ time, event: "text", text: `serial ${word}` });
    for (let line = 0; line < 16; line++) {
      const state = (word >> line) & 1;
      if (state !== ((last >> line) & 1)) builder.event({ time, event: "ttl", text: `line=${line} state=${state}` });
    }
    last = word;
  };
}

/** Character set 1 is UTF-16; the others are read as UTF-8, of which ANSI texts are mostly a part. */
function comment(view: DataView, time: number, body: number, end: number, builder: RecordingBuilder): void {
  const start = Math.min(body + 8, end);
  const raw = new Uint8Array(view.buffer, view.byteOffset + start, end - start);
  const text = new TextDecoder(view.getUint8(body + 2) === 1 ? "utf-16le" : "utf-8").decode(raw).replace(/\0.*$/s, "");
  builder.event({ time, event: "text", text });
}

function latin1(view: DataView, at: number, length: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + at, length);
  return bytes.toString("latin1").replace(/\0.*$/s, "");
}
