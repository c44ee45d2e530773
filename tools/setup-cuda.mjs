// `npm run setup:cuda`: brings ONNX Runtime's CUDA provider beside onnxruntime-node's own library, and tries it. `-- --force` brings it again,
// `-- --remove` takes it away. Plain JavaScript for whatever Node the machine has; docs/gpu.md explains.
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { installPackages, pinnedEnvironment, root, run, say } from "./install.mjs";

/** Version of onnxruntime-node -> the npm package that has the CUDA provider of the same version, built for CUDA 13. */
const PACKAGES = { "1.29.0": "com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9" };
const FILES = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"];
const ort = join(root, "node_modules", "onnxruntime-node");
const folder = join(ort, "bin", "napi-v6", "linux", "x64");

/** Whether every file is there, of the version of the library that will load it. */
function isThere(version) {
  return FILES.every((file) => existsSync(join(folder, file))) && isOfVersion(join(folder, FILES[1]), version);
}

/** The provider carries its version as a C string; another version than the core's is refused at load, or worse. */
function isOfVersion(path, version) {
  return readFileSync(path).includes(`\0${version}\0`);
}

async function fromNpm(name, version) {
  const temporary = mkdtempSync(join(tmpdir(), "phosphene-cuda-"));
  try {
    say(`downloading ${name} from the npm registry (180 MB)`);
    await run("npm", ["pack", "--silent", name], { cwd: temporary });
    const archive = readdirSync(temporary).find((file) => file.endsWith(".tgz"));
    await run("tar", ["-xzf", archive, "--no-same-owner"], { cwd: temporary });
    const from = join(temporary, "package", "Plugins", "Linux", "x64");
    if (!isOfVersion(join(from, FILES[1]), version)) throw new Error(`${name} is not of ONNX Runtime ${version}`);
    for (const file of FILES) {
      copyFileSync(join(from, file), join(folder, `${file}.part`));
      renameSync(join(folder, `${file}.part`), join(folder, file));
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** onnxruntime's own installer, for machines that reach NuGet: it takes what the package's metadata name for this platform. */
async function fromNuget() {
  say("downloading by onnxruntime-node's own installer (NuGet)");
  const args = [join(ort, "script", "install.js"), "--onnxruntime-node-install"];
  await run("node", args, { env: { ...pinnedEnvironment(), ONNXRUNTIME_NODE_INSTALL: "true" } });
}

async function bring(version) {
  const name = PACKAGES[version];
  const problems = [];
  for (const source of [...(name ? [() => fromNpm(name, version)] : []), fromNuget])
    try {
      await source();
      if (isThere(version)) return;
      throw new Error(`the files that came are not of ONNX Runtime ${version}`);
    } catch (error) {
      problems.push(error.message);
    }
  throw new Error(`the CUDA provider of ONNX Runtime ${version} could not be brought:\n  ${problems.join("\n  ")}`);
}

/** The provider in a decoder process of its own, on the tiny bundle, against the CPU. */
async function verify() {
  say("trying it");
  const check = join(root, "tools", "verify-cuda.ts");
  const { stdout } = await promisify(execFile)("node", [check], { cwd: root, env: pinnedEnvironment() }).catch(
    (error) => Promise.reject(new Error(error.stderr?.trim() || error.message)),
  );
  process.stdout.write(stdout);
}

async function main(args) {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      `CUDA needs linux-x64, this is ${process.platform}-${process.arch}; decode.provider: auto goes on without it`,
    );
  await installPackages();
  if (args.includes("--remove")) {
    for (const file of FILES) rmSync(join(folder, file), { force: true });
    say("the CUDA provider is gone; decode.provider: auto goes on without it");
    return;
  }
  const { version } = JSON.parse(readFileSync(join(ort, "package.json"), "utf8"));
  if (args.includes("--force") || !isThere(version)) await bring(version);
  say(`the CUDA provider of ONNX Runtime ${version} is in node_modules; \`npm ci\` takes it away, then run this again`);
  await verify();
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
