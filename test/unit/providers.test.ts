import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cudaLibraries, librariesNamed, withFolders } from "../../daemon/decoder/libraries.ts";
import { type Plan, planWays, type Survey } from "../../daemon/decoder/providers.ts";
import { surveyProviders } from "../../daemon/decoder/survey.ts";
import { FAILURES_BEFORE_FALLBACK, Ways, WINDOWS_TO_TRUST } from "../../daemon/decoder/ways.ts";

const ALL: Survey = { cuda: null, webgpu: null, cpu: null };
const NO_GPU: Survey = { cuda: "no NVIDIA device or driver", webgpu: "no GPU", cpu: null };
const short = ({ ways }: Plan) => ways.map(({ provider, runner }) => `${provider} ${runner}`);

describe("the ways are planned", () => {
  test("auto takes everything that is there, the fastest first", () => {
    const plan = planWays({ provider: "auto", runner: "auto" }, ALL);
    expect(short(plan)).toEqual(["cuda bound", "cuda plain", "webgpu plain", "cpu plain"]);
    expect(plan.startable).toBe(4);
  });

  test("auto says why it is not the first", () => {
    const plan = planWays({ provider: "auto", runner: "auto" }, NO_GPU);
    expect(short(plan)).toEqual(["cpu plain"]);
    expect(plan.reason).toBe(
      "the first that is there of cuda, webgpu, cpu; cuda: no NVIDIA device or driver; webgpu: no GPU",
    );
  });

  test("one that is named must start, and the slower ones wait behind it", () => {
    const plan = planWays({ provider: "cuda", runner: "auto" }, ALL);
    expect(short(plan)).toEqual(["cuda bound", "cuda plain", "webgpu plain", "cpu plain"]);
    expect(plan.startable).toBe(2);
    expect(short(planWays({ provider: "cpu", runner: "auto" }, ALL))).toEqual(["cpu plain"]);
    expect(() => planWays({ provider: "cuda", runner: "auto" }, NO_GPU)).toThrow(
      '[PROVIDER_UNAVAILABLE] decode.provider: expected cuda, got "no NVIDIA device or driver"',
    );
  });

  test("a runner that is named is taken where there is one", () => {
    expect(short(planWays({ provider: "cpu", runner: "bound" }, ALL))).toEqual(["cpu bound", "cpu plain"]);
    expect(short(planWays({ provider: "cuda", runner: "plain" }, ALL))).toEqual([
      "cuda plain",
      "webgpu plain",
      "cpu plain",
    ]);
    expect(() => planWays({ provider: "webgpu", runner: "bound" }, ALL)).toThrow(/PARAMETER_INVALID\] decode\.runner/);
  });
});

describe("the way is changed", () => {
  const ways = (provider: "auto" | "cuda" | "cpu" = "auto", survey = ALL) =>
    new Ways(planWays({ provider, runner: "auto" }, survey));
  const failures = (subject: Ways, count: number) =>
    Array.from({ length: count }, (_, i) => subject.ended(`failure ${i + 1}`));

  test("while it starts: a refusal or a crash leads to the next way at once", () => {
    const subject = ways();
    expect(subject.refused("PROVIDER_FAILED", "graph capture failed")).toBe(true);
    expect(subject.current).toEqual({ provider: "cuda", runner: "plain" });
    expect(subject.ended("SIGSEGV")).toBe(true);
    expect(subject.current.provider).toBe("webgpu");
    expect(subject.refused("BUNDLE_GOLDEN_MISMATCH", "off by 0.3")).toBe(true);
    expect(subject.current.provider).toBe("cpu");
    expect(subject.reason).toBe("webgpu (plain) refused: off by 0.3");
    expect(subject.refused("BUNDLE_GOLDEN_MISMATCH", "off by 0.3")).toBe(false);
  });

  test("while it starts: what was named is not left", () => {
    const subject = ways("cuda");
    expect(subject.refused("PROVIDER_UNAVAILABLE", "no libcublas")).toBe(true);
    expect(subject.refused("PROVIDER_UNAVAILABLE", "no libcublas")).toBe(false);
    expect(subject.current.provider).toBe("cuda");
  });

  test("what is the bundle's fault changes nothing", () => {
    const subject = ways();
    for (const code of ["BUNDLE_DIGEST_MISMATCH", "BUNDLE_GRAPH_MISMATCH", "PARAMETER_INVALID"] as const)
      expect(subject.refused(code, "")).toBe(false);
    expect(subject.current).toEqual({ provider: "cuda", runner: "bound" });
  });

  test("in a session: the same provider again, after failures in a row another one, named or not", () => {
    const subject = ways("cuda");
    subject.started();
    expect(failures(subject, FAILURES_BEFORE_FALLBACK)).toEqual([false, false, true]);
    expect(subject.current).toEqual({ provider: "webgpu", runner: "plain" });
    expect(subject.reason).toBe("cuda (bound) failed 3 times in a row, at last: failure 3");
    subject.started();
    failures(subject, FAILURES_BEFORE_FALLBACK);
    expect(subject.current.provider).toBe("cpu");
    subject.started();
    expect(failures(subject, 20)).not.toContain(true);
  });

  test("failures are in a row until a process has decoded enough windows", () => {
    const subject = ways();
    for (let round = 0; round < 10; round++) {
      subject.started();
      for (let i = 0; i < WINDOWS_TO_TRUST; i++) subject.decoded();
      expect(subject.ended("again")).toBe(false);
    }
    for (let round = 0; round < 2; round++) {
      subject.started();
      for (let i = 0; i < WINDOWS_TO_TRUST - 1; i++) subject.decoded();
      expect(subject.ended("too soon")).toBe(round === 1);
    }
    expect(subject.current.provider).toBe("webgpu");
  });

  test("in a session: memory that is short counts as a failure, a library that is gone does not come back", () => {
    const [short, gone] = [ways(), ways()];
    for (const subject of [short, gone]) subject.started();
    expect(short.refused("PROVIDER_FAILED", "out of memory")).toBe(false);
    expect(gone.refused("PROVIDER_UNAVAILABLE", "no device")).toBe(true);
    expect(gone.current).toEqual({ provider: "cuda", runner: "plain" });
  });
});

describe("what the machine has", () => {
  const folder = mkdtempSync(join(tmpdir(), "phosphene-libraries-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const put = (path: string) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), "");
  };

  test("the CPU is always there; what speaks against a GPU is said", () => {
    const { cpu, cuda, webgpu } = surveyProviders();
    expect(cpu).toBeNull();
    for (const against of [cuda, webgpu]) if (against !== null) expect(against).toMatch(/^no(t made for)? \w+/);
  });

  test("CUDA libraries are found in a Python environment, and its folders are given to the loader", () => {
    const nvidia = "venv/lib/python3.12/site-packages/nvidia";
    for (const name of ["libcublasLt.so.13", "libcublas.so.13", "libcurand.so.10", "libcudart.so.13"])
      put(`${nvidia}/cu13/lib/${name}`);
    put(`${nvidia}/cudnn/lib/libcudnn.so.9`);
    put("venv/bin/python3");
    const expected = [`${nvidia}/cu13/lib`, `${nvidia}/cudnn/lib`].map((path) => join(folder, path));
    const byName = cudaLibraries({ VIRTUAL_ENV: join(folder, "venv") });
    const byPath = cudaLibraries({ PATH: join(folder, "venv", "bin") });
    for (const { folders, missing } of [byName, byPath]) {
      expect(missing).toEqual([]);
      expect(folders.every((each) => expected.includes(each) || !each.startsWith(folder))).toBe(true);
    }
    const env = withFolders({ folders: expected, missing: [] }, { LD_LIBRARY_PATH: "/mine" });
    expect(env.LD_LIBRARY_PATH).toBe(["/mine", ...expected].join(":"));
    expect(withFolders({ folders: [], missing: [] }, { A: "1" })).toEqual({ A: "1" });
  });

  test("what the loader finds by itself needs no folder; what is nowhere is named", () => {
    put("libmine.so.1");
    expect(librariesNamed(["libmine.so.1"], { LD_LIBRARY_PATH: folder })).toEqual({ folders: [], missing: [] });
    expect(librariesNamed(["libmine.so.1"], {})).toEqual({ folders: [], missing: ["libmine.so.1"] });
  });
});
