import { type Handle, later, type Native, textArguments } from "../lsl/native.ts";
import { type ChannelFormat, formatNumber } from "../lsl/stream.ts";

/** `<name>text</name>`, or a node with children; a list is the same node several times. */
export interface Description {
  readonly [name: string]: string | number | Description | readonly Description[];
}

export interface OutletOptions {
  readonly name: string;
  readonly type: string;
  readonly sourceId: string;
  readonly format: ChannelFormat;
  readonly channels: number;
  /** 0: irregular. */
  readonly rateHz: number;
  /** What goes into `<desc>`. */
  readonly description: Description;
  /** What is kept for a slow reader: seconds of a regular stream, hundreds of samples of an irregular one. */
  readonly bufferS?: number;
}

/** An open outlet. Pushing never waits: liblsl copies the sample and sends it on its own thread. */
export interface Outlet {
  /** `more`: others follow at once, and may be sent together with this one. */
  pushNumbers(values: Float32Array | Float64Array, stampS: number, more?: boolean): void;
  pushText(text: string | Uint8Array, stampS: number): void;
  readonly hasConsumers: boolean;
  close(): Promise<void>;
}

/** Announces a stream on the network. Making and closing take some ms, on a thread of koffi's. */
export async function openOutlet(native: Native, options: OutletOptions): Promise<Outlet> {
  const { name, type, channels, rateHz, format, sourceId, description, bufferS = 60 } = options;
  const info: Handle = native.createInfo(name, type, channels, rateHz, formatNumber(format), sourceId);
  describe(native, native.desc(info), description);
  const outlet = (await later(native.createOutlet, info, 0, bufferS)) as Handle | null;
  native.destroyInfo(info);
  if (outlet === null) throw new Error(`liblsl made no outlet for ${name}`);
  let open = true;
  const check = (length: number) => {
    if (length !== channels) throw new RangeError(`${name}: expected ${channels} values, got ${length}`);
    return open;
  };
  return {
    pushNumbers(values, stampS, more = false) {
      if (!check(values.length)) return;
      const push = values instanceof Float32Array ? native.pushFloats : native.pushDoubles;
      push(outlet, values, stampS, more ? 0 : 1);
    },
    pushText(text, stampS) {
      if (!check(1)) return;
      const { addresses, lengths } = textArguments([text]);
      native.pushTexts(outlet, addresses, lengths, stampS, 1);
    },
    get hasConsumers() {
      return open && Number(native.haveConsumers(outlet)) !== 0;
    },
    async close() {
      if (!open) return;
      open = false;
      await later(native.destroyOutlet, outlet);
    },
  };
}

function describe(native: Native, node: Handle, description: Description): void {
  for (const [name, value] of Object.entries(description)) {
    if (typeof value === "object")
      for (const child of Array.isArray(value) ? value : [value])
        describe(native, native.appendChild(node, name), child);
    else native.appendChildValue(node, name, String(value));
  }
}
