/** Every coded error: code -> what it means. docs/errors.md lists the same codes; a test holds the two together. */
export const ERRORS = {
  CONFIG_INVALID: "the configuration has mistakes",
  CONFIG_UNREADABLE: "the configuration file cannot be read",
  BUNDLE_MISSING: "the bundle folder or one of its files is not there",
  BUNDLE_MANIFEST_INVALID: "the manifest does not follow docs/bundle.md",
  BUNDLE_DIGEST_MISMATCH: "a file of the bundle is not the one that the manifest describes",
  BUNDLE_GRAPH_MISMATCH: "an ONNX graph has other inputs, outputs or shapes than the manifest says",
  BUNDLE_GOLDEN_MISMATCH: "the bundle does not reproduce its golden outputs on this machine",
  SESSION_INVALID: "a rig session does not follow docs/bundle.md",
  RECORDING_INVALID: "a recording cannot be read",
  SOURCE_MISMATCH: "what the source sends does not fit the configuration or the bundle",
  LSL_UNAVAILABLE: "liblsl is not there or cannot be loaded",
  RECORD_UNWRITABLE: "the recording cannot be begun where it is configured to go",
  ADDRESS_IN_USE: "another program listens on the address",
  ADDRESS_NOT_LOOPBACK: "the server would listen beyond this machine without asking for tokens",
  TOKENS_INVALID: "the token file cannot be used",
  TLS_INVALID: "the certificate or its key cannot be used",
  ACCESS_LOG_UNWRITABLE: "the log of actions cannot be begun where it is configured to go",
  DECODER_UNAVAILABLE: "the decoder process cannot be started",
  DECODER_FAILED: "the decoder process failed on a window",
  PROVIDER_UNAVAILABLE: "the execution provider that was asked for cannot be had on this machine",
  PROVIDER_FAILED: "the execution provider failed while it worked",
  SYSTEM_REFUSED: "the operating system refuses what the configuration asks of it",
  DAEMON_UNAVAILABLE: "no running daemon answers at the address",
  PROCESS_REFUSED: "the operating system refuses the cores or the priority of a process",
  PROTOCOL_MALFORMED: "a message does not follow docs/protocol.md",
  PROTOCOL_UNSUPPORTED: "the message type is unknown or not allowed for this client",
  PROTOCOL_FORBIDDEN: "the message is an operator's, and this connection is a viewer",
  PROTOCOL_RATE: "the client sends more messages than the limit",
  BUNDLES_DIFFER: "bundles between which one can switch do not fit each other",
  SWITCH_REFUSED: "the daemon cannot decode with that bundle",
  SWITCH_BUSY: "another bundle is being loaded",
  SWITCH_FAILED: "the other bundle was not ready when its turn came",
  ADAPT_UNAVAILABLE: "the active decoder does not learn from stimuli",
  PRESENT_UNAVAILABLE: "there is no rig that shows pictures, or it takes none now",
  OUTPUT_UNAVAILABLE: "an output cannot be opened as it is configured",
  PARAMETER_INVALID: "an operator was made with a parameter outside its range",
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error that a user can act on: printed as one line `[CODE] message`, without a stack. */
export class PhospheneError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(`[${code}] ${message}`, options);
    this.name = "PhospheneError";
    this.code = code;
  }
}

/** Sentence for a value that is not what was expected: names the thing, what was expected, what came. */
export function expected(subject: string, wanted: string, got: unknown): string {
  return `${subject}: expected ${wanted}, got ${typeof got === "string" ? JSON.stringify(got) : String(got)}`;
}
