import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Config } from "../src/config.ts";
import { BLANK, type LessonOptions, Lessons } from "../src/decode/lessons.ts";
import type { Rgb } from "../src/decode/planes.ts";
import type { SourceMessage, Window } from "../src/signal/types.ts";
import type { Bundle } from "./bundle.ts";
import { type AdaptiveHost, type DecoderHost, isAdaptive } from "./decoder/host.ts";
import type { Presenter } from "./present.ts";
import type { PhospheneServer } from "./server/index.ts";

export interface TeachingParts {
  /** The bundle that is decoded with now, and its host: an operator may switch to another. */
  readonly active: () => { readonly bundle: Bundle; readonly host: DecoderHost };
  readonly lessons: LessonOptions;
  /** File of a stimulus' picture, or null. */
  readonly fileOf: (id: string) => string | null;
  /** A picture that was handed to the rig, or null. */
  readonly pictureOf: (id: string) => Rgb | null;
}

/** The teaching of a daemon's decoder, whichever it is. */
export function makeTeaching({ config, switchboard, presenter }: TaughtParts, server: Pictures): Teaching {
  return new Teaching({
    active: () => switchboard.active,
    lessons: config.adapt,
    fileOf: (id) => server.stimulusFile(id),
    pictureOf: (id) => presenter?.picture(id) ?? null,
  });
}

interface TaughtParts {
  readonly config: Config;
  readonly switchboard: { readonly active: { readonly bundle: Bundle; readonly host: DecoderHost } };
  readonly presenter: Presenter | null;
}

type Pictures = Pick<PhospheneServer, "stimulusFile">;

/**
 * Teaches a decoder that adapts what its windows showed: those that lie wholly inside the response to a picture that is known, or to a blank,
 * each once, after its frame was written. A stimulus is known by the bundle's targets where the file of its picture is the one that they were
 * made from, and a picture that was presented by its projection.
 */
export class Teaching {
  readonly #parts: TeachingParts;
  readonly #lessons: Lessons;
  /** Latents of stimuli that came since the host is this one; null: not known. */
  readonly #targets = new Map<string, Float32Array | null>();
  #host: AdaptiveHost | null = null;

  constructor(parts: TeachingParts) {
    this.#parts = parts;
    this.#lessons = new Lessons(parts.lessons);
  }

  /** Everything that the source says, in its order. */
  message(message: SourceMessage): void {
    if (message.kind === "restart") this.#lessons.restart();
    if (message.kind === "event") this.#lessons.event(message);
  }

  /** The frame of this window is written, decoded with the bundle of this digest. True when it was taken as a lesson. */
  written(window: Window, digest: string): boolean {
    const { bundle, host } = this.#parts.active();
    if (bundle.digest !== digest || !isAdaptive(host) || !host.adaptation.on) return false;
    const id = this.#lessons.of(window);
    if (id === null) return false;
    const target = this.#target(id, host, bundle.manifest.latents.dimension);
    return target !== null && host.teach(window.values, target);
  }

  #target(id: string, host: AdaptiveHost, latents: number): Float32Array | null {
    if (host !== this.#host) this.#targets.clear();
    this.#host = host;
    const known = this.#targets.get(id);
    if (known !== undefined) return known;
    // Until its file has been read; the next window will find it.
    this.#targets.set(id, null);
    const picture = this.#parts.pictureOf(id);
    if (id === BLANK) this.#targets.set(id, new Float32Array(latents));
    else if (picture !== null) this.#targets.set(id, host.project(picture));
    else void this.#lookUp(id, host);
    return this.#targets.get(id) ?? null;
  }

  async #lookUp(id: string, host: AdaptiveHost): Promise<void> {
    const [target, file] = [host.targetOf(id), this.#parts.fileOf(id)];
    if (target === null || file === null) return;
    const bytes = await readFile(file).catch(() => null);
    if (bytes === null || host !== this.#host) return;
    if (createHash("sha256").update(bytes).digest("hex") === target.sha256) this.#targets.set(id, target.latents);
  }
}
