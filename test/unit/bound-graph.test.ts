import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadApi, type OrtApi, type Releasable } from "../../daemon/decoder/ort/api.ts";
import { BoundGraph } from "../../daemon/decoder/ort/bound-graph.ts";
import { loadCudaRuntime } from "../../daemon/decoder/ort/cuda-runtime.ts";
import { ortLibrary } from "../../daemon/decoder/ort/library.ts";
import { cudaOptions } from "../../daemon/decoder/ort/session.ts";
import type { Shapes } from "../../daemon/decoder/shapes.ts";
import { seededNoise } from "../../src/decode/noise.ts";
import { TINY } from "../integration/processes.ts";

const PICTURE = [1, 3, 16, 16];
const GRAPHS: Record<string, { inputs: Shapes; outputs: Shapes }> = {
  "sample-4.onnx": { inputs: { noise: PICTURE, cond: [1, 8], guidance: [1] }, outputs: { image: PICTURE } },
  "sample-1-half.onnx": { inputs: { noise: PICTURE, cond: [1, 8], guidance: [1] }, outputs: { image: PICTURE } },
  "step.onnx": { inputs: { x: PICTURE, t: [1], cond: [1, 8], guidance: [1] }, outputs: { v: PICTURE } },
  "encode.onnx": {
    inputs: { window: [1, 5, 8] },
    outputs: {
      mu: [1, 8],
      logvar: [1, 8],
      expected: [1, 8],
      readout_category: [1, 4],
      readout_pose: [1, 3],
      readout_rotation: [1, 1],
    },
  },
};
const CPU = { threads: 1, cuda: null };
const folder = mkdtempSync(join(tmpdir(), "phosphene-bound-"));
afterAll(() => rmSync(folder, { recursive: true }));

let api: OrtApi;
beforeAll(() => {
  api = loadApi(ortLibrary());
});

const open = (name: string, through = api) => {
  const { inputs, outputs } = GRAPHS[name]!;
  return BoundGraph.open(through, join(TINY, name), inputs, outputs, CPU);
};
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
/** Fresh values for every seed. */
const random = (shapes: Shapes, seed: number) =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [name, seededNoise(100 * seed + i, size(shape), 1)]),
  );

describe.each(Object.keys(GRAPHS))("%s", (name) => {
  const { inputs, outputs } = GRAPHS[name]!;

  test("bit-equal to the plain binding on 15 fresh random inputs", async () => {
    const plain = await InferenceSession.create(join(TINY, name), {
      intraOpNumThreads: 1,
      graphOptimizationLevel: "all",
    });
    const bound = open(name);
    for (let seed = 1; seed <= 15; seed++) {
      const values = random(inputs, seed);
      const feeds = Object.entries(inputs).map(([key, shape]) => [
        key,
        new Tensor("float32", values[key]!, [...shape]),
      ]);
      const wanted = await plain.run(Object.fromEntries(feeds));
      const got = await bound.run(values);
      for (const key of Object.keys(outputs)) expect(got[key]).toEqual(wanted[key]!.data);
    }
    await bound.release();
    await plain.release();
  });

  test("inputs that are not brought up are caught: another input gives another answer", async () => {
    const bound = open(name);
    const first = await bound.run(random(inputs, 1));
    for (const key of Object.keys(inputs)) {
      const changed = { ...random(inputs, 1), [key]: random(inputs, 2)[key]! };
      expect(await bound.run(changed)).not.toEqual(first);
    }
    expect(await bound.run(random(inputs, 1))).toEqual(first);
    await bound.release();
  });
});

describe("what comes back", () => {
  test("is the caller's: the next run does not write into it", async () => {
    const bound = open("step.onnx");
    const { v } = await bound.run(random(GRAPHS["step.onnx"]!.inputs, 1));
    const copy = v!.slice();
    await bound.run(random(GRAPHS["step.onnx"]!.inputs, 2));
    expect(v).toEqual(copy);
    await bound.release();
  });

  test("inputs that the graph does not have are left out", async () => {
    const bound = open("encode.onnx");
    const values = random(GRAPHS["encode.onnx"]!.inputs, 1);
    const wanted = await bound.run(values);
    expect(await bound.run({ ...values, guidance: Float32Array.of(1) })).toEqual(wanted);
    await bound.release();
  });
});

describe("refused before anything is copied", () => {
  test.each([
    [
      "a wrong length",
      { cond: new Float32Array(7) },
      /DECODER_FAILED.*step\.onnx: input cond: expected 8 numbers, got 7/,
    ],
    ["an empty input", { x: new Float32Array(0) }, /input x: expected 768 numbers, got 0/],
  ])("%s", async (_, over, message) => {
    const bound = open("step.onnx");
    const values = random(GRAPHS["step.onnx"]!.inputs, 1);
    const wanted = await bound.run(values);
    await expect(bound.run({ ...values, t: Float32Array.of(0.1), ...over })).rejects.toThrow(message);
    expect(await bound.run(values)).toEqual(wanted);
    await bound.release();
  });

  test("a missing input", async () => {
    const bound = open("step.onnx");
    const { x: _, ...rest } = random(GRAPHS["step.onnx"]!.inputs, 1);
    await expect(bound.run(rest)).rejects.toThrow(/input x: expected 768 numbers, got "nothing"/);
    await bound.release();
  });

  test("any run after the release; releasing twice is nothing", async () => {
    const bound = open("step.onnx");
    const values = random(GRAPHS["step.onnx"]!.inputs, 1);
    await bound.run(values);
    await bound.release();
    await bound.release();
    await expect(bound.run(values)).rejects.toThrow(
      /DECODER_FAILED.*expected a graph in use, got one that was released/,
    );
  });
});

describe("every native object is released exactly once", () => {
  /** The real API with a book of handles. */
  const booked = () => {
    const alive = new Map<bigint, string>();
    const double: string[] = [];
    const released: Releasable[] = [];
    const through: OrtApi = {
      ...api,
      make: (name, ...values) => {
        const handle = api.make(name, ...values);
        if (/^Create(?!Env)|TypeInfo$/.test(name) && name !== "CastTypeInfoToTensorInfo") alive.set(handle, name);
        return handle;
      },
      release: (kind, handle) => {
        if (!alive.delete(handle)) double.push(kind);
        released.push(kind);
        api.release(kind, handle);
      },
    };
    return { through, alive, double, released };
  };

  test("after use", async () => {
    const { through, alive, double, released } = booked();
    const bound = open("step.onnx", through);
    await bound.run(random(GRAPHS["step.onnx"]!.inputs, 1));
    expect(alive.size).toBeGreaterThan(0);
    await bound.release();
    await bound.release();
    expect([...alive.values()]).toEqual([]);
    expect(double).toEqual([]);
    // Values before their binding and session, the session last.
    expect(released.at(-1)).toBe("Session");
  });

  test.each([
    ["a file that is no graph", "garbage.onnx", GRAPHS["step.onnx"]!.outputs],
    ["other outputs", "step.onnx", { other: PICTURE }],
  ])("after %s", (_, file, outputs) => {
    const { through, alive, double } = booked();
    const path = join(file === "garbage.onnx" ? folder : TINY, file);
    if (file === "garbage.onnx") writeFileSync(path, Buffer.from("this is no protobuf of a model"));
    expect(() => BoundGraph.open(through, path, GRAPHS["step.onnx"]!.inputs, outputs, CPU)).toThrow();
    expect([...alive.values()]).toEqual([]);
    expect(double).toEqual([]);
  });
});

describe("a graph that is not what the manifest says", () => {
  const { inputs, outputs } = GRAPHS["step.onnx"]!;
  const openAs = (file: string, wantedIn: Shapes, wantedOut: Shapes) => () =>
    BoundGraph.open(api, file, wantedIn, wantedOut, CPU);

  test.each([
    ["another shape", { ...inputs, cond: [1, 9] }, outputs, /input cond: expected shape \[1, 9\], got \[1, 8\]/],
    ["another name", { ...inputs, other: [1] }, outputs, /input other: expected shape \[1\], got none/],
    ["one input less", { x: PICTURE, t: [1], cond: [1, 8] }, outputs, /input guidance: expected shape none, got \[1\]/],
    ["another output", inputs, { w: PICTURE }, /output w: expected shape \[1, 3, 16, 16\], got none/],
  ])("%s", (_, wantedIn, wantedOut, message) => {
    const refused = openAs(join(TINY, "step.onnx"), wantedIn, wantedOut);
    expect(refused).toThrow(message);
    expect(refused).toThrow("BUNDLE_GRAPH_MISMATCH");
  });

  test("garbage, nothing, and a graph without its weights", () => {
    const garbage = join(folder, "bytes.onnx");
    writeFileSync(garbage, Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 37) % 256)));
    expect(openAs(garbage, inputs, outputs)).toThrow(/BUNDLE_GRAPH_MISMATCH.*bytes\.onnx: expected an ONNX graph, got/);
    expect(openAs(join(folder, "none.onnx"), inputs, outputs)).toThrow(/BUNDLE_GRAPH_MISMATCH.*none\.onnx/);
    copyFileSync(join(TINY, "step.onnx"), join(folder, "step.onnx"));
    expect(openAs(join(folder, "step.onnx"), inputs, outputs)).toThrow(
      /step\.onnx: expected an ONNX graph.*weights\.bin/s,
    );
  });
});

describe("a library that is not there or not the right one", () => {
  test.each([
    ["missing", "/nowhere/libonnxruntime.so.1", /PROVIDER_UNAVAILABLE.*cannot open shared object file/],
    ["another library", "libc.so.6", /PROVIDER_UNAVAILABLE.*libc\.so\.6: expected ONNX Runtime/],
  ])("%s", (_, path, message) => expect(() => loadApi(path)).toThrow(message));

  test("a version of ONNX Runtime without the API that the slots are of", () => {
    expect(() => loadApi(ortLibrary(), 99)).toThrow(
      /PROVIDER_UNAVAILABLE.*expected one that has API 99, got "1\.\d+\.\d+"/,
    );
  });

  test("no CUDA runtime", () => {
    expect(() => loadCudaRuntime(["libnone.so.1", "libnone.so.2"])).toThrow(
      /PROVIDER_UNAVAILABLE.*libnone\.so\.1.*libnone\.so\.2/,
    );
  });

  test("an option that the CUDA provider does not know, or no such provider", () => {
    expect(() => cudaOptions(api, { no_such_option: "1" })).toThrow(
      /PROVIDER_UNAVAILABLE.*cuda: expected a provider that loads/,
    );
  });
});
