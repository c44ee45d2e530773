import type { Command } from "../commands.ts";

/** What the log of actions keeps of an operator's message: all but pictures. */
export function describe(message: Command): Record<string, unknown> {
  switch (message.type) {
    case "steer":
      return { gamma: message.gamma, guidance: message.guidance ?? null };
    case "event":
      return { text: message.text };
    case "present":
      return { width: message.width, height: message.height };
    case "switch":
      return { bundle: message.bundle };
    case "adapt":
      return { on: message.on, reset: message.reset ?? false };
  }
}
