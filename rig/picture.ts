export { planesOf, type Rgb } from "../src/decode/planes.ts";
