import { expected, PhospheneError } from "../../src/errors.ts";

/** Says where a recording is not what it should be: `file, byte 12: NEV packet: expected …, got …`. */
export type Fail = (at: number | string, subject: string, wanted: string, got: unknown) => never;

/** The one error of all readers, for one file: names the file, the place in it, what was expected and what is there. */
export function failIn(file: string): Fail {
  return (at, subject, wanted, got) => {
    const place = typeof at === "number" ? `byte ${at}` : at;
    throw new PhospheneError("RECORDING_INVALID", `${file}, ${place}: ${expected(subject, wanted, shorten(got))}`);
  };
}

function shorten(got: unknown): unknown {
  return typeof got === "string" && got.length > 80 ? `${got.slice(0, 77)}...` : got;
}
