import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../src/config.ts";
import { parseManifest } from "../../src/decode/manifest.ts";
import { ERRORS } from "../../src/errors.ts";

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("config", () => {
  test("the shipped config.yaml says every default, and nothing else", () => {
    expect(parse(text("config.yaml"))).toEqual(parseConfig({}, "defaults"));
  });

  test("every mistake is reported at once, with its path and what came", () => {
    const wrong = { decode: { budgetMs: -5, sed: 3 }, server: { port: 99_999 }, bins: { latenessMs: "4" }, extra: 1 };
    const check = () => ["source.options.endpoint: expected a ZeroMQ endpoint"];
    const error = (() => {
      try {
        return parseConfig(wrong, "config.yaml", check);
      } catch (caught) {
        return String(caught);
      }
    })();
    expect(error).toContain("[CONFIG_INVALID] config.yaml:");
    for (const part of [
      "decode.budgetMs",
      "(got -5)",
      "decode.sed: unknown key",
      "server.port",
      "bins.latenessMs",
      'got "4"',
      "extra: unknown key",
      "source.options.endpoint",
    ])
      expect(error).toContain(part);
  });

  test("shares that do not fit into the budget together are refused, with both", () => {
    const shares = { waitMs: 10, modelMs: 30 };
    const parse = (budgetMs: number) => () => parseConfig({ decode: { budgetMs, shares } }, "config.yaml");
    expect(parse(40)).not.toThrow();
    expect(parse(39)).toThrow(
      /decode\.shares: expected shares of at most decode\.budgetMs, 39 ms, together \(got {"waitMs":10,"modelMs":30}\)/,
    );
  });

  test("the configuration is frozen, all of it", () => {
    const config = parseConfig({}, "defaults");
    expect(() => Object.assign(config.decode, { budgetMs: 1 })).toThrow();
  });

  test.each(["decode", "bins", "server", "access", "log", "source", "record", "present", "adapt"])(
    "docs/config.md explains every key of %s",
    (section) => {
      const doc = text("docs/config.md");
      const keys = Object.keys(Object(Reflect.get(parseConfig({}, "defaults"), section)));
      for (const key of keys) expect(doc).toContain(`\`${section}.${key}\``);
    },
  );
});

describe("errors", () => {
  test("docs/errors.md lists exactly the codes of the catalogue", () => {
    const listed = [...text("docs/errors.md").matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
    expect(listed.sort()).toEqual(Object.keys(ERRORS).sort());
  });
});

describe("manifest", () => {
  const tiny = () => JSON.parse(text("test/fixtures/tiny-bundle/manifest.json"));

  test("reads the fixture", () => {
    expect(parseManifest(tiny(), "manifest.json").units.count).toBe(8);
  });

  test.each([
    [
      "a path that leaves the bundle",
      (m: ReturnType<typeof tiny>) => (m.files.encode.path = "../encode.onnx"),
      "files.encode.path",
    ],
    ["an absolute path", (m: ReturnType<typeof tiny>) => (m.files.encode.path = "/etc/passwd"), "files.encode.path"],
    [
      "another length",
      (m: ReturnType<typeof tiny>) => m.normalisation.mean.pop(),
      "normalisation.mean: expected 8, got 7",
    ],
    [
      "groups that do not add up",
      (m: ReturnType<typeof tiny>) => (m.latents.dimension = 9),
      "sizes of latents.groups: expected 9, got 8",
    ],
    [
      "two units of one label",
      (m: ReturnType<typeof tiny>) => (m.units.labels[1] = m.units.labels[0]),
      "distinct units.labels",
    ],
    [
      "rising timesteps",
      (m: ReturnType<typeof tiny>) => (m.schedule.timesteps["2"] = [0, 0.5, 1]),
      "schedule.timesteps",
    ],
    ["another kind", (m: ReturnType<typeof tiny>) => (m.kind = "magic"), 'kind: expected one of "diffusion", "linear"'],
    ["another format", (m: ReturnType<typeof tiny>) => (m.format = 2), "format"],
    ["an unknown key", (m: ReturnType<typeof tiny>) => (m.pickle = "x"), "pickle: unknown key"],
    ["std 0", (m: ReturnType<typeof tiny>) => (m.normalisation.std[0] = 0), "normalisation.std.0"],
  ])("refuses %s", (_, spoil, named) => {
    const manifest = tiny();
    spoil(manifest);
    expect(() => parseManifest(manifest, "manifest.json")).toThrow(named);
    expect(() => parseManifest(manifest, "manifest.json")).toThrow("[BUNDLE_MANIFEST_INVALID]");
  });
});
