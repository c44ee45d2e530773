export type Tone = "good" | "warn" | "fault" | "idle";

export const SOURCE_TONE: Record<string, Tone> = { live: "good", connecting: "warn", lost: "fault" };
export const DECODER_TONE: Record<string, Tone> = {
  ...{ ready: "good", starting: "warn", restarting: "warn" },
  failed: "fault",
};

/** A named state with a coloured lamp; the word says the same as the colour. */
export function Pill({ label, tone, text }: { label: string; tone: Tone; text: string }) {
  return (
    <span class={`pill ${tone}`}>
      <span class="lamp" aria-hidden="true" />
      <span class="label">{label}</span> <b>{text}</b>
    </span>
  );
}
