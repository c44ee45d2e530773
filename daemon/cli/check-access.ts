import type { Config } from "../../src/config.ts";
import { readTls } from "../server/access/tls.ts";
import { readTokens } from "../server/access/token-file.ts";
import { isLoopback, requireGuard } from "../server/address.ts";
import type { Check } from "./checks.ts";

/** Whether the server would start with its tokens and its certificate, and who could reach it how. */
export async function checkAccess({ server, access }: Pick<Config, "server" | "access">): Promise<Check> {
  const name = "access";
  const where = isLoopback(server.host) ? "this machine only" : "other machines too";
  try {
    requireGuard(server.host, access.tokensFile !== null);
    if (server.tls !== null) await readTls(server.tls);
    if (access.tokensFile === null)
      return { state: "ok", name, detail: `${where}; without tokens, everybody is operator` };
    const tokens = await readTokens(access.tokensFile);
    const operators = tokens.filter(({ role }) => role === "operator").length;
    const detail = `${where}; tokens of ${operators} operators and ${tokens.length - operators} viewers`;
    if (server.tls !== null || isLoopback(server.host)) return { state: "ok", name, detail };
    const mend = "set server.tls: without it tokens and pictures can be read on the way";
    return { state: "warn", name, detail: `${detail}; no TLS`, mend };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { state: "fail", name, detail, mend: "docs/security.md says how to set it up" };
  }
}
