import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type ErrorCode, expected, PhospheneError } from "../../../src/errors.ts";

/** All but reading and writing by the owner. */
const TOO_MUCH = 0o7177;
const MOST_BYTES = 1 << 20;

/** What a private file is for: names the key of the configuration, and the code of its errors. */
export interface Purpose {
  readonly key: string;
  readonly code: ErrorCode;
}

/** Reads a file that only its owner, who runs this process, may read (0600 or less). Throws `purpose.code`. */
export async function readPrivate(path: string, purpose: Purpose): Promise<string> {
  const handle = await openFile(path, constants.O_RDONLY, purpose);
  try {
    const { size } = await requirePrivate(handle, path, purpose);
    if (size > MOST_BYTES) throw refused(purpose, expected(path, `at most ${MOST_BYTES} bytes`, size));
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** Opens a private file for lines at its end; makes it when it is not there. */
export async function openPrivateLog(path: string, purpose: Purpose): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const handle = await openFile(path, flags, purpose);
  try {
    await requirePrivate(handle, path, purpose);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(path: string, flags: number, purpose: Purpose): Promise<FileHandle> {
  try {
    // Not to wait for the other end, should it be a pipe.
    return await open(path, flags | constants.O_NONBLOCK, 0o600);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw refused(purpose, expected(path, "a file that can be opened", reason), cause);
  }
}

/** Looks at the open file, not at its name, which may mean another one by now. */
async function requirePrivate(handle: FileHandle, path: string, purpose: Purpose): Promise<{ size: number }> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw refused(purpose, expected(path, "a regular file", "something else"));
  const mode = stat.mode & 0o7777;
  if ((mode & TOO_MUCH) !== 0) throw refused(purpose, expected(path, "mode 0600", `0${mode.toString(8)}`));
  const user = process.getuid?.();
  if (user !== undefined && stat.uid !== user)
    throw refused(purpose, expected(path, `a file of user ${user}, who runs this`, `one of user ${stat.uid}`));
  return stat;
}

function refused({ key, code }: Purpose, problem: string, cause?: unknown): PhospheneError {
  return new PhospheneError(code, `${key}: ${problem}`, { cause });
}
