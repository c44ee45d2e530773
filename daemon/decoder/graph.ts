/** A loaded ONNX graph whose inputs and outputs were checked. Arrays in, arrays out; shapes are fixed by the manifest. */
export interface Graph {
  /** Inputs that the graph does not have are left out. What comes back is the caller's to keep. */
  run(inputs: Record<string, Float32Array>): Promise<Record<string, Float32Array>>;
  /** A second call does nothing. */
  release(): Promise<void>;
}
