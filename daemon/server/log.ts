type Write = (fields: object, message: string) => void;

/** The part of pino that the server uses. */
export interface Log {
  info: Write;
  warn: Write;
  debug: Write;
  error: Write;
}
