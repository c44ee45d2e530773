/** Vendors' files made byte by byte, from the layouts and not from our readers: what continuous integration tests without real data. */

/** Little-endian bytes of values, each `[type, value]`. */
export type Field =
  | readonly ["u8" | "u16" | "i16" | "u32" | "f32" | "f64", number]
  | readonly ["u64", bigint]
  | readonly ["text", string, number?]
  | readonly ["bytes", Uint8Array];

export function bytesOf(...fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields.map(fieldBytes));
}

function fieldBytes([type, value, size]: Field): Uint8Array {
  if (type === "text") {
    const text = Buffer.from(value as string, "utf8");
    return size === undefined ? text : Buffer.concat([text, Buffer.alloc(size)]).subarray(0, size);
  }
  if (type === "bytes") return value as Uint8Array;
  const bytes = Buffer.alloc(8);
  const number = value as number;
  if (type === "u64") bytes.writeBigUInt64LE(value as bigint);
  else if (type === "f64") bytes.writeDoubleLE(number);
  else if (type === "f32") bytes.writeFloatLE(number);
  else if (type === "i16") bytes.writeInt16LE(number);
  else bytes.writeUIntLE(number, 0, { u8: 1, u16: 2, u32: 4 }[type]);
  return bytes.subarray(0, { u8: 1, u16: 2, i16: 2, u32: 4, f32: 4, f64: 8, u64: 8 }[type]);
}

export type NevPacket =
  | { readonly tick: number | bigint; readonly electrode: number; readonly unit: number }
  | { readonly tick: number | bigint; readonly word: number; readonly reason?: number }
  | { readonly tick: number | bigint; readonly comment: string };

export interface NevFile {
  readonly version?: "2.1" | "2.3" | "3.0";
  readonly hz?: number;
  readonly labels?: readonly (readonly [electrode: number, label: string])[];
  readonly packets: readonly NevPacket[];
}

const NEV_PACKET_BYTES = 104;

export function nevFile({ version = "2.3", hz = 30_000, labels = [], packets }: NevFile): Uint8Array {
  const [major = "2", minor = "3"] = version.split(".");
  const isThree = version === "3.0";
  const headerBytes = 336 + 32 * labels.length;
  const header = bytesOf(
    ["text", isThree ? "BREVENTS" : "NEURALEV"],
    ["u8", Number(major)],
    ["u8", Number(minor)],
    ["u16", 1],
    ["u32", headerBytes],
    ["u32", NEV_PACKET_BYTES],
    ["u32", hz],
    ["u32", 30_000],
    ["bytes", new Uint8Array(16)],
    ["text", "test", 32],
    ["text", "comment", 256],
    ["u32", labels.length],
  );
  const extended = labels.map(([electrode, label]) =>
    bytesOf(["text", "NEUEVLBL"], ["u16", electrode], ["text", label, 16], ["bytes", new Uint8Array(6)]),
  );
  const data = packets.map((packet) => {
    const time: Field = isThree ? ["u64", BigInt(packet.tick)] : ["u32", Number(packet.tick)];
    return Buffer.concat([bytesOf(time, ...nevBody(packet)), Buffer.alloc(NEV_PACKET_BYTES)]).subarray(
      0,
      NEV_PACKET_BYTES,
    );
  });
  return Buffer.concat([header, ...extended, ...data]);
}

function nevBody(packet: NevPacket): Field[] {
  if ("electrode" in packet)
    return [
      ["u16", packet.electrode],
      ["u8", packet.unit],
      ["u8", 0],
    ];
  if ("word" in packet)
    return [
      ["u16", 0],
      ["u8", packet.reason ?? 1],
      ["u8", 0],
      ["u16", packet.word],
    ];
  return [
    ["u16", 0xffff],
    ["u8", 0],
    ["u8", 0],
    ["u32", 0],
    ["text", packet.comment],
  ];
}

export interface XdfStreamBytes {
  readonly id: number;
  readonly xml: string;
}

/** XML of a stream header. */
export function xdfXml(fields: {
  name: string;
  type: string;
  channels: number;
  rateHz: number;
  format: string;
  labels?: readonly string[];
}): string {
  const labels = (fields.labels ?? []).map((label) => `<channel><label>${label}</label></channel>`).join("");
  return (
    `<?xml version="1.0"?><info><name>${fields.name}</name><type>${fields.type}</type>` +
    `<channel_count>${fields.channels}</channel_count><nominal_srate>${fields.rateHz}</nominal_srate>` +
    `<channel_format>${fields.format}</channel_format><desc><channels>${labels}</channels></desc></info>`
  );
}

/** `lengthBytes`: the format lets a writer choose how many bytes a length takes. */
export function xdfChunk(tag: number, content: Uint8Array, lengthBytes: 1 | 4 | 8 = 4): Uint8Array {
  return bytesOf(["u8", lengthBytes], xdfLength(content.length + 2, lengthBytes), ["u16", tag], ["bytes", content]);
}

function xdfLength(length: number, lengthBytes: 1 | 4 | 8): Field {
  if (lengthBytes === 8) return ["u64", BigInt(length)];
  return [lengthBytes === 1 ? "u8" : "u32", length];
}

export function xdfHeader(id: number, xml: string): Uint8Array {
  return xdfChunk(2, bytesOf(["u32", id], ["text", xml]));
}

/** A Samples chunk; a sample without a time has none in the file. `value` makes the bytes of one value. */
export function xdfSamples<V>(
  id: number,
  samples: readonly { readonly time?: number; readonly values: readonly V[] }[],
  value: (value: V) => readonly Field[],
  lengthBytes: 1 | 4 | 8 = 4,
): Uint8Array {
  const body = samples.flatMap(({ time, values }): Field[] => [
    ...(time === undefined
      ? ([["u8", 0]] as Field[])
      : ([
          ["u8", 8],
          ["f64", time],
        ] as Field[])),
    ...values.flatMap((each) => [...value(each)]),
  ]);
  return xdfChunk(3, bytesOf(["u32", id], ["u8", lengthBytes], xdfLength(samples.length, lengthBytes), ...body));
}

export const xdfInt16 = (value: number): Field[] => [["i16", value]];
export const xdfText = (text: string): Field[] => [
  ["u8", 1],
  ["u8", Buffer.byteLength(text)],
  ["text", text],
];

export function xdfOffset(id: number, time: number, offset: number): Uint8Array {
  return xdfChunk(4, bytesOf(["u32", id], ["f64", time], ["f64", offset]), 1);
}

export function xdfFile(...chunks: readonly Uint8Array[]): Uint8Array {
  const xml = Buffer.from('<?xml version="1.0"?><info><version>1.0</version></info>');
  return Buffer.concat([Buffer.from("XDF:"), xdfChunk(1, xml, 1), ...chunks]);
}

/** A .npy file of version 1. */
export function npyFile(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims}), }`;
  const header = `${text.padEnd(128 - 10 - 1)}\n`;
  return bytesOf(
    ["bytes", Buffer.from("\x93NUMPY\x01\x00", "latin1")],
    ["u16", header.length],
    ["text", header],
    ["bytes", data],
  );
}

export const int64s = (values: readonly number[]) =>
  new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer);
export const uint16s = (values: readonly number[]) => new Uint8Array(Uint16Array.from(values).buffer);
export const int16s = (values: readonly number[]) => new Uint8Array(Int16Array.from(values).buffer);
