import { afterAll } from "vitest";
import { killLeftovers } from "./leftovers.ts";

// A test that timed out never came to its own clean-up.
afterAll(killLeftovers);
