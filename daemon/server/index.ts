import type { FastifyInstance } from "fastify";
import { listenError, type Names, namesOf, requireLoopback } from "./address.ts";
import { createHttp } from "./http.ts";
import { Hub } from "./hub.ts";
import type { Intervals, PhospheneServer, ServerOptions, ViewersStatus } from "./options.ts";
import { loadStimuli, type Stimuli } from "./stimuli.ts";
import { createDoorkeeper, type Doorkeeper } from "./upgrade.ts";

export type { Limits, Log, PhospheneServer, ServerOptions, ViewersStatus } from "./options.ts";

const INTERVALS: Intervals = { statusMs: 1000, pingMs: 10_000, closeMs: 1000 };

/** Serves viewers on one port. Throws ADDRESS_NOT_LOOPBACK, ADDRESS_IN_USE, SESSION_INVALID. */
export async function createServer(options: ServerOptions): Promise<PhospheneServer> {
  requireLoopback(options.host);
  const stimuli = options.stimuliDir === null ? null : await loadStimuli(options.stimuliDir);
  const address = { host: options.host, port: options.port };
  let names: Names = namesOf(address.host, address.port);
  const hub = new Hub({ ...options, intervals: { ...INTERVALS, ...options.intervals } });
  const door = createDoorkeeper(options, hub, () => names);
  const app = await createHttp({
    ...{ options, stimuli, names: () => names, port: () => address.port, refused: () => door.refused },
  });
  app.server.on("upgrade", door.onUpgrade);
  // Order: nobody new, then every viewer is told, then the port is closed.
  app.addHook("preClose", async () => {
    door.stop();
    await hub.close();
  });
  address.port = await listen(app, options.host, options.port);
  names = namesOf(address.host, address.port);
  options.log.info({ ...address }, "listening");
  return createFacade(address, hub, stimuli, app, door);
}

function createFacade(
  address: PhospheneServer["address"],
  hub: Hub,
  stimuli: Stimuli | null,
  app: FastifyInstance,
  door: Doorkeeper,
): PhospheneServer {
  return {
    address,
    publishFrame: (frame, expiresAtMs) => hub.publishFrame(frame, expiresAtMs),
    publishSpikes: (body) => hub.publishSpikes(body),
    publishEvent: (body) => hub.publishEvent(body),
    publishSteered: (body) => hub.publishSteered(body),
    viewers: () => viewersStatus(hub, door),
    stimulusUrl: (id) => (stimuli?.files.has(id) ? `/stimuli/${id}` : null),
    close: () => app.close(),
  };
}

/** Without tokens everybody on this machine is an operator. */
function viewersStatus(hub: Hub, { refused }: Doorkeeper): ViewersStatus {
  const { viewers, viewerTotals, operators, forbidden } = hub.status();
  const watching = viewers.length - operators;
  const access = { tokens: false, operators, viewers: watching, refused: { ...refused, forbidden } };
  return { viewers, viewerTotals, access };
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
