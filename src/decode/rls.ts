import { expected, PhospheneError } from "../errors.ts";

export interface RlsOptions {
  /** Features of an example; a constant 1 is added behind them. */
  readonly features: number;
  readonly outputs: number;
  /** What an example still counts after the next one, in (0, 1]: 1 / (1 - forgetting) examples are remembered. */
  readonly forgetting: number;
  /** Ridge penalty on every weight, bias included, in examples: a start as sure of 0 as that many examples with a feature of 1. */
  readonly penalty: number;
}

/** Numbers of the covariance that are gone through before the work is handed back: some tenths of a millisecond. */
const SLICE = 131_072;

/**
 * Recursive least squares with exponential forgetting, for all outputs at once (Ljung, System Identification, 2nd edition, eq. 11.17): after n
 * examples the weights minimise the sum of lambda^(n-i) |y_i - B x_i|^2 plus the penalty.
 *
 * Forgetting alone would wind the covariance P up along what no example shows (a unit that is silent): the start's penalty fades, P grows
 * without end, and one spike throws the weights away. So one weight after the other, one an example, the penalty is taught again as an example
 * "this weight is 0" that makes up for what faded in a round (after Gay, Proc. ICASSP 1996). The information along every axis stays between
 * lambda^(features + 1) and 2 of the penalty, and P below 1 / (lambda^(features + 1) penalty). With forgetting 1 nothing fades and it is
 * ridge regression, in closed form.
 *
 * Float64; P is kept as its lower triangle, so that it cannot lose its symmetry.
 */
export class Rls {
  readonly #options: RlsOptions;
  readonly #size: number;
  /** Row i of P, up to the diagonal, from i (i + 1) / 2 on. */
  readonly #p: Float64Array;
  /** Of the example that is being learned: x and 1; P x; the column of the new P that is refreshed. */
  readonly #x: Float64Array;
  readonly #px: Float64Array;
  readonly #column: Float64Array;
  /** Row by row, [outputs, features + 1]; the last of a row is the bias. */
  readonly weights: Float64Array;
  #learned = 0;
  #restarts = 0;

  constructor(options: RlsOptions) {
    check(options);
    this.#options = options;
    this.#size = options.features + 1;
    this.#p = new Float64Array((this.#size * (this.#size + 1)) / 2);
    [this.#x, this.#px, this.#column] = [0, 0, 0].map(() => new Float64Array(this.#size)) as Three;
    this.weights = new Float64Array(options.outputs * this.#size);
    this.#startCovariance();
  }

  /** Examples that the weights have learned from since the start or the last reset. */
  get learned(): number {
    return this.#learned;
  }

  /** How often rounding had spoiled P and it was begun again; the weights stay. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Largest number on the diagonal of P. */
  get uncertainty(): number {
    let largest = 0;
    for (let i = 0; i < this.#size; i++) largest = Math.max(largest, this.#p[at(i, i)]!);
    return largest;
  }

  reset(): void {
    this.weights.fill(0);
    this.#learned = 0;
    this.#startCovariance();
  }

  /** Adds B x to `y` [outputs], in float64; x [features]. */
  addTo(y: Float64Array | Float32Array, x: ArrayLike<number>): void {
    const { features, outputs } = this.#options;
    for (let row = 0; row < outputs; row++) {
      const start = row * this.#size;
      let sum = this.weights[start + features]!;
      for (let i = 0; i < features; i++) sum += this.weights[start + i]! * x[i]!;
      y[row] = y[row]! + sum;
    }
  }

  /**
   * One example, x [features] -> y [outputs], in slices: the caller runs the generator to its end, whenever it has time. The weights change
   * at once, in the last slice.
   */
  *learn(x: ArrayLike<number>, y: ArrayLike<number>): Generator<void, void, void> {
    const { forgetting, penalty, features } = this.#options;
    const { length } = this.#px;
    for (let i = 0; i < features; i++) this.#x[i] = x[i]!;
    this.#x[features] = 1;
    this.#px.fill(0);
    yield* this.#sliced((row) => this.#multiplyRow(row));
    let r = 0;
    for (let i = 0; i < length; i++) r += this.#x[i]! * this.#px[i]!;
    if (!(r >= 0 && r < Number.POSITIVE_INFINITY)) return this.#spoiled();
    const taken = 1 / (forgetting + r);
    const axis = this.#learned % length;
    const again = penalty * (1 - forgetting ** length);
    for (let i = 0; i < length; i++)
      this.#column[i] = (this.#element(i, axis) - taken * this.#px[i]! * this.#px[axis]!) / forgetting;
    const refreshed = again / (1 + again * this.#column[axis]!);
    if (!(refreshed >= 0)) return this.#spoiled();
    yield* this.#sliced((row) => this.#updateRow(row, taken, refreshed));
    yield;
    this.#correct(y, taken, axis, refreshed);
    this.#learned++;
  }

  /** Row by row, with a pause after each SLICE numbers of P. */
  *#sliced(row: (index: number) => void): Generator<void, void, void> {
    let done = 0;
    for (let i = 0; i < this.#size; i++) {
      row(i);
      done += i + 1;
      if (done < SLICE) continue;
      done = 0;
      yield;
    }
  }

  /** What row i of the triangle, and its mirror, add to P x. */
  #multiplyRow(i: number): void {
    const [p, x, px] = [this.#p, this.#x, this.#px];
    const start = at(i, 0);
    const xi = x[i]!;
    let sum = 0;
    for (let k = 0; k < i; k++) {
      const value = p[start + k]!;
      sum += value * x[k]!;
      px[k]! += value * xi;
    }
    px[i]! += sum + p[start + i]! * xi;
  }

  /** Both changes of P in one pass: the example's, with what is forgotten, and the refreshed penalty's. */
  #updateRow(i: number, taken: number, refreshed: number): void {
    const [p, px, column] = [this.#p, this.#px, this.#column];
    const { forgetting } = this.#options;
    const start = at(i, 0);
    const [ofExample, ofPenalty, keep] = [(taken / forgetting) * px[i]!, refreshed * column[i]!, 1 / forgetting];
    for (let k = 0; k <= i; k++) p[start + k] = keep * p[start + k]! - ofExample * px[k]! - ofPenalty * column[k]!;
  }

  /** The weights: towards y by the error of the example, then the refreshed axis towards 0. */
  #correct(y: ArrayLike<number>, taken: number, axis: number, refreshed: number): void {
    const [size, weights] = [this.#size, this.weights];
    for (let row = 0; row < this.#options.outputs; row++) {
      const start = row * size;
      let error = y[row]!;
      for (let i = 0; i < size; i++) error -= weights[start + i]! * this.#x[i]!;
      for (let i = 0; i < size; i++) weights[start + i]! += error * taken * this.#px[i]!;
      const back = refreshed * weights[start + axis]!;
      for (let i = 0; i < size; i++) weights[start + i]! -= back * this.#column[i]!;
    }
  }

  #element(i: number, k: number): number {
    return this.#p[i >= k ? at(i, k) : at(k, i)]!;
  }

  #spoiled(): void {
    this.#restarts++;
    this.#startCovariance();
  }

  #startCovariance(): void {
    this.#p.fill(0);
    for (let i = 0; i < this.#size; i++) this.#p[at(i, i)] = 1 / this.#options.penalty;
  }
}

type Three = [Float64Array, Float64Array, Float64Array];

/** Place of row i, column k <= i, in a lower triangle. */
function at(i: number, k: number): number {
  return (i * (i + 1)) / 2 + k;
}

function check({ features, outputs, forgetting, penalty }: RlsOptions): void {
  const wrong =
    !Number.isInteger(features) || features < 1
      ? expected("features", "a whole number from 1", features)
      : !Number.isInteger(outputs) || outputs < 1
        ? expected("outputs", "a whole number from 1", outputs)
        : !(forgetting > 0 && forgetting <= 1)
          ? expected("forgetting", "more than 0 and at most 1", forgetting)
          : !(penalty > 0 && penalty < Number.POSITIVE_INFINITY)
            ? expected("penalty", "a number above 0", penalty)
            : null;
  if (wrong !== null) throw new PhospheneError("PARAMETER_INVALID", `recursive least squares: ${wrong}`);
}
