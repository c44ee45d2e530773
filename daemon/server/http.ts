import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyInstance } from "fastify";
import type { Names } from "./address.ts";
import { createMetrics } from "./metrics.ts";
import type { ServerOptions } from "./options.ts";
import type { Stimuli } from "./stimuli.ts";
import type { RefusedCounts } from "./upgrade.ts";

const NO_VIEWER =
  "<!doctype html><title>Phosphene</title><p>The viewer is not built yet. Run <code>npm run build</code>, then restart.";

export interface HttpContext {
  options: ServerOptions;
  stimuli: Stimuli | null;
  refused: () => RefusedCounts;
  /** Asked only after the server listens. */
  names: () => Names;
  port: () => number;
}

/** The HTTP side of the server: the page, health, status, metrics, stimuli. It does not listen yet. */
export async function createHttp(context: HttpContext): Promise<FastifyInstance> {
  const app = Fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1024 });
  guard(app, context);
  await app.register(fastifyStatic, { serve: false });
  addStatus(app, context);
  addStimuli(app, context.stimuli);
  await addViewer(app, context.options.viewerDir);
  return app;
}

function guard(app: FastifyInstance, { names, port }: HttpContext): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders(port()));
    if (names().knowsHost(request.headers.host)) return;
    return reply.code(403).type("text/plain").send("Host: expected this daemon's own address\n");
  });
}

function securityHeaders(port: number): Record<string, string> {
  // 'self' covers the stream in current browsers; older ones want the scheme spelt out.
  const stream = `ws://127.0.0.1:${port} ws://localhost:${port}`;
  const policy = [
    "default-src 'self'",
    `connect-src 'self' ${stream}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "content-security-policy": policy.join("; "),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
  };
}

function addStatus(app: FastifyInstance, { options, refused }: HttpContext): void {
  const metrics = createMetrics();
  app.get("/healthz", async () => ({ ok: true }));
  app.get("/readyz", async (_, reply) => {
    const ready = options.ready();
    return reply.code(ready ? 200 : 503).send({ ready });
  });
  app.get("/status", async (_, reply) => reply.header("cache-control", "no-store").send(options.status()));
  app.get<{ Querystring: { bins?: string } }>("/trace", async ({ query }, reply) => {
    const bins = query.bins === undefined ? undefined : Number(query.bins);
    if (bins !== undefined && !(Number.isInteger(bins) && bins > 0))
      return reply.code(400).type("text/plain").send(`bins: expected a whole number from 1, got ${query.bins}\n`);
    return reply.header("cache-control", "no-store").send(options.trace(bins));
  });
  app.get("/metrics", async (_, reply) => {
    const page = await metrics.render(options.status(), refused());
    return reply.type(metrics.contentType).send(page);
  });
}

function addStimuli(app: FastifyInstance, stimuli: Stimuli | null): void {
  app.get<{ Params: { id: string } }>("/stimuli/:id", async (request, reply) => {
    const file = stimuli?.files.get(request.params.id);
    if (stimuli === null || file === undefined) return reply.callNotFound();
    return reply.sendFile(file, stimuli.root);
  });
}

async function addViewer(app: FastifyInstance, dir: string | null): Promise<void> {
  if (dir !== null && existsSync(join(dir, "index.html"))) {
    await app.register(fastifyStatic, { root: dir, decorateReply: false, dotfiles: "deny" });
    return;
  }
  app.get("/", async (_, reply) => reply.type("text/html; charset=utf-8").send(NO_VIEWER));
}
