// `npm run bench -- NAME [options]`: the measuring instruments. docs/measuring.md says how each measures, docs/performance.md what came out.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Each is `bench/NAME.ts` or `bench/NAME/main.ts` and exports a function of its name that takes the arguments after it. */
const HARNESSES: Record<string, string> = {
  latency: "bin close to socket write at the true cadence, stage by stage, with misses, memory and processor time",
  decoders: "latency of several bundles one after another: what each decoder costs here",
  ingest: "spikes taken in: loss at a full rate, arrival to bin, a burst",
  fanout: "what many viewers cost the others",
  attack: "what connections of somebody without a token cost the loop",
  switch: "what loading another bundle costs the one that decodes",
  steering: "a change of slider, until the client has the first frame decoded with it",
  soak: "memory over time, with a rig that is killed",
  page: "the viewer in Chromium: first picture, staleness, heap over time",
  peers: "side by side with other software on the same spikes",
  sampler: "the model alone: plain binding beside bound graphs",
  linear: "the linear decoder alone",
  adapting: "frames of a live daemon whose linear decoder learns, beside those of one that does not",
  drift: "a linear decoder that learns while its units drift, beside one that does not",
  oracle: "an optimise bundle: live frames beside many iterations on the same windows",
  overhead: "everything but the model run, stage by stage",
  outputs: "how late triggers and messages leave the daemon",
  report: "results (JSON) as text, into docs/performance.md with --write SECTION",
  merge: "several results of latency as one",
  figures: "results of latency (JSON) as figures, into docs/pictures",
  retime: "a copy of a bundle with another bin width, for rates that the bundle's bins do not give",
};

type Harness = (args: string[]) => Promise<void>;

async function load(name: string): Promise<Harness> {
  const paths = [`${name}.ts`, `${name}/main.ts`].map((path) => join(import.meta.dirname, path));
  const path = paths.find((each) => existsSync(each));
  if (path === undefined) throw new Error(`bench/${name}.ts is not there`);
  const found: unknown = await import(pathToFileURL(path).href);
  const run = Object.getOwnPropertyDescriptor(Object(found), name)?.value;
  if (typeof run !== "function") throw new Error(`${path} exports no function ${name}`);
  return run;
}

function usage(): string {
  const lines = Object.entries(HARNESSES).map(([name, what]) => `  ${name.padEnd(9)} ${what}`);
  const shared =
    "All that measure take --json FILE, --write (their section of docs/performance.md) and --smoke (a few seconds).";
  return ["npm run bench -- NAME [options]", "", ...lines, "", shared].join("\n");
}

const OPTIONS = "docs/measuring.md has the options of every harness.";

/** A mistake of the one who typed is a sentence and exit code 2; anything else keeps its trace. */
function sayBadOption(error: unknown): void {
  const isTypo = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_");
  if (!isTypo) throw error;
  process.stderr.write(`${error.message}\n${OPTIONS}\n`);
  process.exitCode = 2;
}

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(HARNESSES, name)) {
  const known = name === undefined || name === "--help" || name === "help";
  process.stdout.write(`${known ? "" : `no harness ${name}\n\n`}${usage()}\n`);
  process.exitCode = known ? 0 : 2;
} else if (args.includes("--help")) process.stdout.write(`${name}: ${HARNESSES[name]}\n${OPTIONS}\n`);
else await (await load(name))(args).catch(sayBadOption);
