import { Server as TlsServer } from "node:tls";
import type { FastifyInstance } from "fastify";
import { Access } from "./access/access.ts";
import { readTls, type TlsFiles } from "./access/tls.ts";
import { authority, isLoopback, listenError, type Names, namesOf, requireGuard } from "./address.ts";
import { createHttp } from "./http.ts";
import { Hub } from "./hub.ts";
import { Lobby } from "./lobby.ts";
import type { Intervals, PhospheneServer, ServerOptions } from "./options.ts";
import { fileOf, loadStimuli } from "./stimuli.ts";
import { createDoorkeeper } from "./upgrade.ts";

export type { Log } from "./log.ts";
export type { Limits, PhospheneServer, ServerOptions, ViewersStatus } from "./options.ts";

const INTERVALS: Intervals = { statusMs: 1000, pingMs: 10_000, closeMs: 1000 };
const OPEN_TO_THIS_MACHINE = { tokensFile: null, log: null };

/** Serves viewers on one port. Throws ADDRESS_NOT_LOOPBACK, ADDRESS_IN_USE, SESSION_INVALID, TOKENS_INVALID, TLS_INVALID, ACCESS_LOG_UNWRITABLE. */
export async function createServer(options: ServerOptions): Promise<PhospheneServer> {
  const { host, log } = options;
  requireGuard(host, (options.access ?? OPEN_TO_THIS_MACHINE).tokensFile !== null);
  const access = await Access.open(options.access ?? OPEN_TO_THIS_MACHINE, log);
  try {
    return await serve(options, access);
  } catch (error) {
    await access.close();
    throw error;
  }
}

async function serve(options: ServerOptions, access: Access): Promise<PhospheneServer> {
  const { host, log, limits, origins = [], tls: files = null } = options;
  const stimuli = options.stimuliDir === null ? null : await loadStimuli(options.stimuliDir);
  const hasPicture = (id: string) => stimuli?.files.has(id) || options.livePictures?.has(id) || false;
  const tls = files === null ? null : await readTls(files);
  const isTls = tls !== null;
  const address = { host, port: options.port };
  let names: Names = namesOf({ ...address, isTls, origins });
  const hub = new Hub({ ...options, access, intervals: { ...INTERVALS, ...options.intervals } });
  const app = await createHttp({ options, access, tls, stimuli, names: () => names });
  const onPushedOut = access.refusals.add.bind(access.refusals);
  const lobby = new Lobby(app.server, { ...limits, onPushedOut });
  const door = createDoorkeeper({ options, access, hub, lobby, names: () => names, isTls });
  app.server.on("upgrade", door.onUpgrade);
  // Order: nobody new, then every viewer is told, then the port is closed.
  app.addHook("preClose", async () => {
    door.stop();
    await hub.close();
  });
  const forget = onHangup(options, () => Promise.all([access.renew(), renewTls(app, files, options)]));
  app.addHook("onClose", () => {
    forget();
    return access.close();
  });
  access.onRotation = () => hub.revoke();
  address.port = await listen(app, host, options.port);
  names = namesOf({ ...address, isTls, origins });
  log.info({ ...address, tls: isTls, tokens: access.isGuarded }, "listening");
  if (!isTls && !isLoopback(host))
    log.warn({}, "no TLS: tokens and pictures can be read on the way (docs/security.md)");
  return createFacade(address, isTls, hub, { hasPicture, stimulusFile: (id) => fileOf(stimuli, id) }, app);
}

interface Pictures {
  readonly hasPicture: (id: string) => boolean;
  readonly stimulusFile: (id: string) => string | null;
}

function createFacade(
  address: PhospheneServer["address"],
  isTls: boolean,
  hub: Hub,
  { hasPicture, stimulusFile }: Pictures,
  app: FastifyInstance,
): PhospheneServer {
  return {
    address,
    url: `${isTls ? "https" : "http"}://${authority(address.host, address.port)}`,
    publishFrame: (frame, expiresAtMs) => hub.publishFrame(frame, expiresAtMs),
    publishSpikes: (body) => hub.publishSpikes(body),
    publishEvent: (body) => hub.publishEvent(body),
    acknowledge: (type, body) => hub.acknowledge(type, body),
    publishHello: () => hub.publishHello(),
    viewers: () => hub.status(),
    stimulusUrl: (id) => (hasPicture(id) ? `/stimuli/${id}` : null),
    stimulusFile,
    close: () => app.close(),
  };
}

/** Calls `renew` at SIGHUP where there is something to read again; elsewhere a closed terminal ends the daemon as ever. */
function onHangup({ access, tls }: ServerOptions, renew: () => Promise<unknown>): () => void {
  if ((access?.tokensFile ?? access?.log ?? tls ?? null) === null) return () => {};
  const listener = () => void renew();
  process.on("SIGHUP", listener);
  return () => process.off("SIGHUP", listener);
}

/** New connections get the certificate that the files hold now; a pair that cannot be used changes nothing. */
async function renewTls({ server }: FastifyInstance, files: TlsFiles | null, { log }: ServerOptions): Promise<void> {
  if (files === null || !(server instanceof TlsServer)) return;
  try {
    server.setSecureContext(await readTls(files));
    log.info({}, "certificate read again");
  } catch (error) {
    log.error({ error: String(error) }, "certificate not read again, that of before holds");
  }
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenError(error, host, port);
  }
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
