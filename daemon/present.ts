/** A picture for the subject: RGB, row by row, 8 bits a channel; `image` has width * height * 3 bytes. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly image: Uint8Array;
}

/** The way to a rig that shows pictures. */
export interface Presenter {
  /** Hands the picture to the rig; resolves with the stimulus' id, `live-<n>`, by which the rig says later that it is on. Rejects with PRESENT_UNAVAILABLE. */
  submit(picture: Picture): Promise<string>;
  close(): Promise<void>;
}
