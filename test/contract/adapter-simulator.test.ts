import { simulator } from "../../adapters/simulator/adapter.ts";
import { adapterContract } from "./adapter-suite.ts";

adapterContract({ adapter: simulator, options: { seed: 7, rateHz: 100, stimulusMs: 50 } });
