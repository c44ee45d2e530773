import { readFile, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { z } from "zod";
import { expected, PhospheneError } from "../../src/errors.ts";

const session = z.object({ stimuli: z.array(z.object({ id: z.string().regex(/^[\w-]+$/), file: z.string() })) });

/** Pictures of the stimuli of a session: id -> path relative to `root`, which is `dir` without symbolic links. */
export interface Stimuli {
  readonly root: string;
  readonly files: ReadonlyMap<string, string>;
}

/** Reads `dir/session.json`. SESSION_INVALID when it cannot be read, or a picture is missing or outside of `dir`. */
export async function loadStimuli(dir: string): Promise<Stimuli> {
  const path = join(dir, "session.json");
  try {
    const { stimuli } = session.parse(JSON.parse(await readFile(path, "utf8")));
    const root = await realpath(dir);
    const entries = stimuli.map(async ({ id, file }) => [id, await inside(root, file)] as const);
    return { root, files: new Map(await Promise.all(entries)) };
  } catch (cause) {
    if (cause instanceof PhospheneError) throw cause;
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new PhospheneError("SESSION_INVALID", `${path}: ${reason}`, { cause });
  }
}

/** Path of a stimulus' picture, or null where there is none of that id. */
export function fileOf(stimuli: Stimuli | null, id: string): string | null {
  const path = stimuli?.files.get(id);
  return stimuli === null || path === undefined ? null : join(stimuli.root, path);
}

async function inside(root: string, file: string): Promise<string> {
  const path = relative(root, await realpath(join(root, file)));
  if (path !== "" && path !== ".." && !path.startsWith(`..${sep}`)) return path;
  throw new PhospheneError("SESSION_INVALID", expected("stimuli.file", `a file inside ${root}`, file));
}
