import { useId } from "preact/hooks";

interface Props {
  name: string;
  value: number;
  /** The value in words of the scale. */
  text: string;
  range: { min: number; max: number; step: number; neutral: number };
  allowed: boolean;
  change(value: number): void;
}

/** A value on a line with its neutral point; a double click or the button beside it goes back there. */
export function Slider({ name, value, text, range, allowed, change }: Props) {
  const id = useId();
  const { min, max, step, neutral } = range;
  const at = (x: number) => `${(100 * (Math.max(min, Math.min(max, x)) - min)) / (max - min)}%`;
  const style = {
    "--neutral": at(neutral),
    "--from": at(Math.min(neutral, value)),
    "--to": at(Math.max(neutral, value)),
  };
  return (
    <div class="slider" style={style}>
      <label for={id}>{name}</label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={!allowed}
        aria-valuetext={text}
        onInput={(event) => change(Number(event.currentTarget.value))}
        onDblClick={() => change(neutral)}
      />
      <output class="num" for={id}>
        {text}
      </output>
      <button
        type="button"
        class="quiet"
        disabled={!allowed || value === neutral}
        aria-label={`reset ${name}`}
        title={`reset ${name}`}
        onClick={() => change(neutral)}
      >
        ↺
      </button>
    </div>
  );
}
