import type {
  AccessBody,
  EventBody,
  FrameBody,
  HelloBody,
  ServerBodies,
  SpikesBody,
  StatusBody,
  ViewerCounts,
  ViewerTotals,
} from "../../src/protocol/messages.ts";
import type { TraceBody } from "../../src/protocol/trace.ts";
import type { FrameTimes } from "../trace.ts";
import type { AccessOptions } from "./access/access.ts";
import type { TlsFiles } from "./access/tls.ts";
import type { Commands } from "./commands.ts";
import type { Log } from "./log.ts";

export interface Limits {
  maxViewers: number;
  /** Viewers of one address; null: a default for other machines, and none for this one. */
  maxPerAddress: number | null;
  /** Connections that are no viewers. */
  maxWaiting: number;
  /** To the first whole request of a connection, ms. */
  handshakeMs: number;
  maxMessageBytes: number;
  messagesPerSecond: number;
}

/** Defaults are for people; tests make them short, ms. */
export interface Intervals {
  /** Between `status` messages. */
  statusMs: number;
  /** Between liveness pings; two unanswered ones end a connection. */
  pingMs: number;
  /** How long a viewer may take to answer a close before it is cut off. */
  closeMs: number;
}

export interface ServerOptions {
  host: string;
  /** 0: any free port; see `PhospheneServer.address`. */
  port: number;
  /** Folder of the built viewer, or null. */
  viewerDir: string | null;
  /** Folder with a `session.json` whose stimuli are served, or null. */
  stimuliDir: string | null;
  limits: Limits;
  /** Who may come in; everybody on this machine, without. */
  access?: AccessOptions;
  tls?: TlsFiles | null;
  /** Of pages that are not ours and may connect, lower case. */
  origins?: readonly string[];
  /** Without what is said of a connection itself. */
  hello: () => Omit<HelloBody, "role" | "viewer">;
  status: () => StatusBody;
  /** Pictures that were presented lately, by id. */
  livePictures?: { png(id: string): Buffer | null; has(id: string): boolean } | null;
  /** The last `bins` bins, all that are kept without a number. */
  trace: (bins?: number) => TraceBody;
  ready: () => boolean;
  /** Monotonic clock of the daemon, ms. */
  now: () => number;
  log: Log;
  commands: Commands;
  onShown: (seq: number, atMs: number) => void;
  intervals?: Partial<Intervals>;
}

/** As `StatusBody` has them: spread into it. */
export interface ViewersStatus {
  viewers: ViewerCounts[];
  viewerTotals: ViewerTotals;
  access: AccessBody;
}

/** Messages that say from which frame a request holds. */
export type Acknowledgement = "steered" | "switched" | "adapted";

export interface PhospheneServer {
  readonly address: { host: string; port: number };
  /** Where a browser on this machine finds the page. */
  readonly url: string;
  /**
   * Sends the frame (and its `latents`) to everybody subscribed, to nobody after `expiresAtMs`; returns when it was encoded and the
   * time after the socket writes. It writes to the first four viewers at once, and to the others in slices afterwards, so that the loop is not held up.
   */
  publishFrame(frame: FrameBody, expiresAtMs?: number): FrameTimes;
  publishSpikes(body: SpikesBody): void;
  publishEvent(body: EventBody): void;
  /** To everybody subscribed to `event`, and to the connection that asked for it. */
  acknowledge<T extends Acknowledgement>(type: T, body: ServerBodies[T]): void;
  /** Says `hello` anew on every connection, before any later frame. Frames and latents that wait are dropped, and counted so. */
  publishHello(): void;
  viewers(): ViewersStatus;
  /** Path of a stimulus' picture on this server, or null when there is none of that id. */
  stimulusUrl(id: string): string | null;
  /** The file of that picture, where the session has one. */
  stimulusFile(id: string): string | null;
  /** Refuses newcomers, closes viewers with 1001, then the port. Safe to call twice. */
  close(): Promise<void>;
}
