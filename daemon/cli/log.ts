import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

/** JSON lines on stderr; readable lines when a person looks. */
export function makeLog(level: string): Logger {
  if (!process.stderr.isTTY)
    return pino({ level, base: { name: "phosphene" } }, pino.destination({ dest: 2, sync: true }));
  return pino(
    { level, base: null },
    pretty({ destination: 2, sync: true, translateTime: "HH:MM:ss.l", ignore: "pid,hostname" }),
  );
}
