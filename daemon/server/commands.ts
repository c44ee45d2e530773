import type { PhospheneError } from "../../src/errors.ts";
import type { ClientBodies, ClientMessage, ServerBodies } from "../../src/protocol/messages.ts";
import type { Picture } from "../present.ts";
import type { SteerRequest } from "../steering.ts";

/** What an operator may ask of the daemon. What cannot be done throws, or rejects with, a PhospheneError: the sender is told. */
export interface Commands {
  steer(request: SteerRequest, by: number): void;
  /** Enters an event; `atMs` null: now. Returns its number and time. */
  event(text: string, atMs: number | null): { n: number; atMs: number };
  /** Shows a picture to the subject; resolves with the stimulus' id once the rig has it. */
  present(picture: Picture): Promise<string>;
  /** Loads another bundle and exchanges it for the active one; resolves when that is done, and the first frame is acknowledged by `switched`. */
  switch(request: SwitchRequest): Promise<void>;
  /** Changes the adaptation; the first frame with it is acknowledged by `adapted`. */
  adapt(request: AdaptRequest): void;
}

/** `bundle` is a name; `by` the connection that asks. */
export interface SwitchRequest {
  readonly id: number;
  readonly by: number;
  readonly bundle: string;
}

/** `on` null leaves it as it is. */
export interface AdaptRequest {
  readonly id: number;
  readonly by: number;
  readonly on: boolean | null;
  readonly reset: boolean;
}

type Reply<T extends keyof ServerBodies> = (type: T, body: ServerBodies[T]) => void;
const COMMANDS = ["steer", "event", "present", "switch", "adapt"] as const;
export type Command = Extract<ClientMessage, { type: (typeof COMMANDS)[number] }>;

/** Whether only an operator may say this. */
export function isCommand(message: ClientMessage): message is Command {
  return COMMANDS.some((type) => type === message.type);
}

/** Id of a message that has one. */
export function idOf(message: ClientMessage): number | null {
  return "id" in message ? (message.id ?? null) : null;
}

/** Does what an operator says, and answers. Throws what the commands throw. */
export async function obey(
  message: Command,
  by: number,
  commands: Commands,
  reply: Reply<"noted" | "presented">,
): Promise<void> {
  switch (message.type) {
    case "steer":
      commands.steer({ gamma: message.gamma, guidance: message.guidance ?? null, id: message.id ?? null }, by);
      break;
    case "event":
      reply("noted", { id: message.id, ...commands.event(message.text, message.atMs ?? null) });
      break;
    case "present":
      reply("presented", { id: message.id, stimulus: await commands.present(pictureOf(message)) });
      break;
    case "switch":
      await commands.switch({ id: message.id, by, bundle: message.bundle });
      break;
    case "adapt":
      commands.adapt({ id: message.id, by, on: message.on, reset: message.reset ?? false });
      break;
  }
}

/** The sentence of a coded error, without its code. */
export function sentence(error: PhospheneError): string {
  return error.message.slice(error.code.length + 3);
}

// The bytes lie in the socket's buffer, which is used again.
function pictureOf({ width, height, image }: ClientBodies["present"]): Picture {
  return { width, height, image: image.slice() };
}
