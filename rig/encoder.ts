import { InferenceSession, Tensor } from "onnxruntime-node";
import { expected, PhospheneError } from "../src/errors.ts";
import { planesOf, type Rgb } from "./picture.ts";
import { readDigested } from "./session.ts";
import type { SimulatedSession } from "./session-schema.ts";

/** Any picture -> driven rates in Hz, one a unit. */
export type Encode = (picture: Rgb) => Promise<Float32Array>;

/**
 * Loads the encoding model of a session and runs it once, so that the first picture does not wait for it. It runs in this process: 1.3 ms
 * for the shipped one, in a block of 10. Errors: SESSION_INVALID.
 */
export async function loadEncoder(folder: string, session: SimulatedSession): Promise<Encode> {
  if (session.encoding === undefined)
    throw new PhospheneError("SESSION_INVALID", `${folder}: an interactive rig needs a session with an encoding model`);
  const bytes = await readDigested(folder, session.encoding, "encoding");
  const model = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  const [width, height] = sideOf(folder, model);
  const encode: Encode = async (picture) => {
    const image = new Tensor("float32", planesOf(picture, width, height), [1, 3, height, width]);
    const rates = (await model.run({ image })).rates?.data;
    if (rates instanceof Float32Array && rates.length === session.units.length) return rates.slice();
    throw new PhospheneError(
      "SESSION_INVALID",
      `${folder}: ${expected("encoding", "one rate per unit", rates?.length)}`,
    );
  };
  await encode({ width: 1, height: 1, image: new Uint8Array(3) });
  return encode;
}

function sideOf(folder: string, model: InferenceSession): [width: number, height: number] {
  const image = model.inputMetadata.find(({ name }) => name === "image");
  const shape = image?.isTensor ? image.shape : [];
  const [, channels, height, width] = shape;
  if (channels === 3 && typeof height === "number" && typeof width === "number") return [width, height];
  throw new PhospheneError(
    "SESSION_INVALID",
    `${folder}: ${expected("encoding", "an input image of shape [1, 3, H, W]", shape.join(", "))}`,
  );
}
