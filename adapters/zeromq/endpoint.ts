import { z } from "zod";

/** Where a ZeroMQ peer listens: `tcp://host:port`. */
export function endpointOption(port: number, highest = 65_535) {
  return z
    .string()
    .regex(/^tcp:\/\/[^\s:/]+:\d{1,5}$/, "expected tcp://<host>:<port>")
    .refine((value) => portOf(value) >= 1 && portOf(value) <= highest, `expected a port from 1 to ${highest}`)
    .default(`tcp://127.0.0.1:${port}`);
}

export function portOf(endpoint: string): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
