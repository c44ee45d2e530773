import { z } from "zod";
import { PhospheneError } from "../errors.ts";
import { parseCondition } from "./condition.ts";

const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, '-' or '_'");
const deadlineMs = z.number().positive().max(10_000);
const byte = z.int().min(0).max(255);
const endpoint = z
  .string()
  .regex(/^tcp:\/\/([^\s:/]+):([1-9]\d{0,4})$/i, "expected tcp://<host>:<port>")
  .refine((value) => Number(value.slice(value.lastIndexOf(":") + 1)) <= 65_535, "expected a port from 1 to 65535");
const LOOPBACK = /^tcp:\/\/(127(\.\d{1,3}){3}|localhost):/;

/** A condition is checked here and stays text: what is in effect is printed as it was written. */
const when = z.string().superRefine((text, context) => {
  const problem = problemOf(text);
  if (problem !== null) context.addIssue({ code: "custom", message: problem });
});

const rule = { when, onset: z.boolean().default(false) };
const durationMs = z.number().min(1).max(60_000).default(5);

const lsl = z.strictObject({
  enabled: z.boolean().default(false),
  deadlineMs: deadlineMs.nullable().default(null),
  name: name.default("phosphene"),
});

const zeromq = z.strictObject({
  enabled: z.boolean().default(false),
  endpoint: endpoint
    .regex(LOOPBACK, "expected a loopback address: ZeroMQ has no access control (docs/outputs.md)")
    .default("tcp://127.0.0.1:8788"),
  deadlineMs: deadlineMs.default(100),
  pictures: z.boolean().default(false),
});

const networkRule = z.strictObject({ ...rule, line: z.int().min(1).max(256), durationMs });

const networkEvents = z
  .strictObject({
    enabled: z.boolean().default(false),
    endpoint: endpoint.default("tcp://127.0.0.1:5556"),
    deadlineMs: deadlineMs.default(60),
    replyMs: z.number().min(10).max(60_000).default(1000),
    rules: z.array(networkRule).max(64).default([]),
  })
  .refine(({ enabled, rules }) => !enabled || rules.length > 0, {
    path: ["rules"],
    error: "expected at least one rule",
  });

const serialRule = z.strictObject({
  ...rule,
  line: z.enum(["byte", "rts", "dtr"]).default("byte"),
  on: byte.default(1),
  off: byte.nullable().default(0),
  durationMs,
});

const serial = z
  .strictObject({
    enabled: z.boolean().default(false),
    path: z.string().min(1).nullable().default(null),
    baudRate: z.int().min(50).max(4_000_000).default(115_200),
    deadlineMs: deadlineMs.default(60),
    rules: z.array(serialRule).max(64).default([]),
  })
  .refine(({ enabled, path }) => !enabled || path !== null, { path: ["path"], error: "expected the device" })
  .refine(({ enabled, rules }) => !enabled || rules.length > 0, {
    path: ["rules"],
    error: "expected at least one rule",
  });

/** `outputs` of config.yaml. */
export const outputsSchema = z.strictObject({
  lsl: lsl.prefault({}),
  zeromq: zeromq.prefault({}),
  networkEvents: networkEvents.prefault({}),
  serial: serial.prefault({}),
});

function problemOf(text: string): string | null {
  try {
    parseCondition(text);
    return null;
  } catch (error) {
    if (error instanceof PhospheneError) return error.message.slice(error.message.indexOf("expected"));
    throw error;
  }
}
