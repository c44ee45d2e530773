import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Access } from "./access/access.ts";
import type { Refusal } from "./access/refusals.ts";
import type { TlsPair } from "./access/tls.ts";
import type { Names } from "./address.ts";
import { ASK_FOR_TOKEN, securityHeaders } from "./headers.ts";
import { answerClientError, createListener } from "./listener.ts";
import { addressOf } from "./lobby.ts";
import { createMetrics } from "./metrics.ts";
import type { ServerOptions } from "./options.ts";
import type { Stimuli } from "./stimuli.ts";

const NO_VIEWER =
  "<!doctype html><title>Phosphene</title><p>The viewer is not built yet. Run <code>npm run build</code>, then restart.";

export interface HttpContext {
  options: ServerOptions;
  access: Access;
  tls: TlsPair | null;
  stimuli: Stimuli | null;
  /** Asked only after the server listens. */
  names: () => Names;
}

/** The HTTP side of the server: the page, health, status, metrics, stimuli. It does not listen yet. */
export async function createHttp(context: HttpContext): Promise<FastifyInstance> {
  const { options, access, tls } = context;
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: 1024,
    serverFactory: (handler) => createListener(handler, tls, options.limits.handshakeMs),
    clientErrorHandler: (error, socket) => answerClientError(error, socket, access.refusals, tls !== null),
    // Paths that are none: hooks do not see them.
    frameworkErrors: (_, request, reply) => {
      access.refusals.add("http", addressOf(request.socket));
      reply.hijack();
      reply.raw.writeHead(400, { ...securityHeaders(tls !== null), "content-type": "text/plain" }).end("bad request\n");
    },
  });
  guard(app, context);
  await app.register(fastifyStatic, { serve: false });
  addHealth(app, options);
  await app.register(async (inner) => {
    inner.addHook("onRequest", (request, reply) => requireToken(context, request, reply));
    addStatus(inner, context);
    addStimuli(inner, context.stimuli, context.options.livePictures ?? null);
  });
  await addViewer(app, options.viewerDir);
  return app;
}

function guard(app: FastifyInstance, { access, names, tls }: HttpContext): void {
  app.addHook("onRequest", async (request, reply) => {
    const { host, origin } = request.headers;
    const asked = { host, localAddress: request.socket.localAddress };
    const isOurs = names().knowsHost(asked);
    reply.headers(securityHeaders(tls !== null, isOurs && host !== undefined ? host : null));
    if (!isOurs) return refuse(access, request, reply, "host", "Host: expected this daemon's own address");
    if (!names().knowsOrigin(origin, asked))
      return refuse(access, request, reply, "origin", "Origin: expected a page of this daemon");
  });
}

function refuse({ refusals }: Access, request: FastifyRequest, reply: FastifyReply, reason: Refusal, problem: string) {
  refusals.add(reason, addressOf(request.socket));
  return reply
    .code(reason === "token" ? 401 : 403)
    .type("text/plain")
    .send(`${problem}\n`);
}

/** Whatever tells something of a session is registered behind this. */
async function requireToken({ access }: HttpContext, request: FastifyRequest, reply: FastifyReply) {
  reply.header("cache-control", "no-store");
  if (access.grant(request.headers) !== null) return;
  reply.headers(ASK_FOR_TOKEN);
  return refuse(access, request, reply, "token", "Authorization: expected Bearer and a token");
}

function addHealth(app: FastifyInstance, options: ServerOptions): void {
  app.get("/healthz", async () => ({ ok: true }));
  app.get("/readyz", async (_, reply) => {
    const ready = options.ready();
    return reply.code(ready ? 200 : 503).send({ ready });
  });
}

function addStatus(app: FastifyInstance, { options, access }: HttpContext): void {
  const metrics = createMetrics();
  app.get("/status", async (_, reply) => reply.send(options.status()));
  app.get<{ Querystring: { bins?: string } }>("/trace", async ({ query }, reply) => {
    const bins = query.bins === undefined ? undefined : Number(query.bins);
    if (bins !== undefined && !(Number.isInteger(bins) && bins > 0))
      return reply.code(400).type("text/plain").send(`bins: expected a whole number from 1, got ${query.bins}\n`);
    return reply.send(options.trace(bins));
  });
  app.get("/metrics", async (_, reply) => {
    const page = await metrics.render(options.status(), access.refusals.counts);
    return reply.type(metrics.contentType).send(page);
  });
}

function addStimuli(app: FastifyInstance, stimuli: Stimuli | null, live: ServerOptions["livePictures"]): void {
  app.get<{ Params: { id: string } }>("/stimuli/:id", async (request, reply) => {
    const png = live?.png(request.params.id) ?? null;
    if (png !== null) return reply.header("cache-control", "no-store").type("image/png").send(png);
    const file = stimuli?.files.get(request.params.id);
    if (stimuli === null || file === undefined) return reply.callNotFound();
    // Kept by the browser, and asked for again: the token may be gone.
    reply.header("cache-control", "private, no-cache");
    return reply.sendFile(file, stimuli.root, { cacheControl: false });
  });
}

async function addViewer(app: FastifyInstance, dir: string | null): Promise<void> {
  if (dir !== null && existsSync(join(dir, "index.html"))) {
    await app.register(fastifyStatic, { root: dir, decorateReply: false, dotfiles: "deny" });
    // The page for the subject's own screen, also without a slash at its end.
    app.get("/subject", async (_, reply) => reply.sendFile("subject/index.html", dir));
    return;
  }
  app.get("/", async (_, reply) => reply.type("text/html; charset=utf-8").send(NO_VIEWER));
}
