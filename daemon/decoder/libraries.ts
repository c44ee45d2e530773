import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the CUDA provider is linked with or loads; any of the versions of one line will do. */
export const CUDA_LIBRARIES = [
  ["libcublasLt.so.13", "libcublasLt.so.12"],
  ["libcublas.so.13", "libcublas.so.12"],
  ["libcurand.so.10"],
  ["libcudart.so.13", "libcudart.so.12"],
  ["libcudnn.so.9"],
] as const;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SYSTEM_FOLDERS = [
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib64",
  "/lib64",
  "/usr/lib",
  "/lib",
];

export interface FoundLibraries {
  /** Folders that the loader does not know and that have libraries that it does not know, in order. */
  readonly folders: readonly string[];
  readonly missing: readonly string[];
}

/** Looks for the CUDA libraries where the loader looks, in CUDA's own folders and in Python environments with NVIDIA's packages. */
export function cudaLibraries(env: NodeJS.ProcessEnv = process.env): FoundLibraries {
  return search(CUDA_LIBRARIES, env, [...cudaFolders(), ...pythonFolders(env)]);
}

/** The same of libraries that the loader must know. */
export function librariesNamed(names: readonly string[], env: NodeJS.ProcessEnv = process.env): FoundLibraries {
  return search(
    names.map((name) => [name]),
    env,
    [],
  );
}

/** LD_LIBRARY_PATH of a process that shall find them: it is read once, as a process starts. */
export function withFolders({ folders }: FoundLibraries, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (folders.length === 0) return env;
  const known = env.LD_LIBRARY_PATH ? [env.LD_LIBRARY_PATH] : [];
  return { ...env, LD_LIBRARY_PATH: [...known, ...folders].join(delimiter) };
}

function search(
  wanted: readonly (readonly string[])[],
  env: NodeJS.ProcessEnv,
  more: readonly string[],
): FoundLibraries {
  const known = [...split(env.LD_LIBRARY_PATH), ...SYSTEM_FOLDERS];
  const cached = loaderCache();
  const folders = new Set<string>();
  const missing: string[] = [];
  for (const names of wanted) {
    const name = names.find((each) => cached.has(each) || folderOf(each, known) !== undefined);
    if (name !== undefined) continue;
    const folder = names.map((each) => folderOf(each, more)).find((found) => found !== undefined);
    if (folder === undefined) missing.push(names[0]!);
    else folders.add(folder);
  }
  return { folders: [...folders], missing };
}

function folderOf(name: string, folders: readonly string[]): string | undefined {
  return folders.find((folder) => existsSync(join(folder, name)));
}

let asked: Set<string> | null = null;

/** Names of libraries in the loader's cache; none where there is no ldconfig. Asked once: it takes milliseconds, which nobody has who decodes. */
function loaderCache(): Set<string> {
  asked ??= askLoader();
  return asked;
}

function askLoader(): Set<string> {
  try {
    const text = execFileSync("/sbin/ldconfig", ["-p"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return new Set([...text.matchAll(/^\s+(\S+) \(/gm)].map(([, name]) => name!));
  } catch {
    return new Set();
  }
}

function cudaFolders(): string[] {
  const installed = list("/usr/local").filter((name) => name.startsWith("cuda"));
  return installed
    .sort()
    .reverse()
    .flatMap((name) => [`/usr/local/${name}/lib64`, `/usr/local/${name}/targets/x86_64-linux/lib`]);
}

/** `nvidia/<part>/lib` of Python environments: the active ones, those whose python3 is on the PATH, and the trainer's. */
function pythonFolders(env: NodeJS.ProcessEnv): string[] {
  const onPath = split(env.PATH)
    .filter((folder) => existsSync(join(folder, "python3")))
    .map(dirname);
  const prefixes = [env.VIRTUAL_ENV, env.CONDA_PREFIX, ...onPath, join(ROOT, "training", ".venv")];
  return [...new Set(prefixes)].flatMap((prefix) => (prefix ? nvidiaFolders(prefix) : []));
}

function nvidiaFolders(prefix: string): string[] {
  const pythons = list(join(prefix, "lib")).filter((name) => name.startsWith("python3"));
  return pythons.flatMap((python) =>
    ["site-packages", "dist-packages"].flatMap((packages) => {
      const nvidia = join(prefix, "lib", python, packages, "nvidia");
      return list(nvidia).map((part) => join(nvidia, part, "lib"));
    }),
  );
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function split(path: string | undefined): string[] {
  return (path ?? "").split(delimiter).filter((folder) => folder !== "");
}
