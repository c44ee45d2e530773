import { expect, test } from "vitest";
import { Reply, Request } from "zeromq";
import { keepHeartbeat } from "../../adapters/open-ephys/heartbeat.ts";
import { bindWhenFree } from "./bind.ts";
import { freePortPair } from "./open-ephys-peer.ts";

test("a peer that never answers costs a socket, not the heartbeat", async () => {
  const endpoint = `tcp://127.0.0.1:${await freePortPair()}`;
  const stop = new AbortController();
  let opened = 0;
  const open = () => {
    opened++;
    return new Request();
  };
  const options = { endpoint, application: "test", periodMs: 5, patienceMs: 50, log: () => {} };
  const done = keepHeartbeat(open, options, stop.signal);
  const reply = new Reply({ linger: 0 });
  await bindWhenFree(reply, endpoint);
  // The first is received and never answered: a REQ socket cannot ask again after that.
  const [first] = await reply.receive();
  expect(JSON.parse(String(first))).toEqual({ application: "test", uuid: expect.any(String), type: "heartbeat" });
  reply.close();
  const other = new Reply({ linger: 0 });
  await bindWhenFree(other, endpoint);
  for (let beat = 0; beat < 3; beat++) {
    const [again] = await other.receive();
    expect(again).toEqual(first);
    await other.send("heartbeat received");
  }
  expect(opened).toBeGreaterThan(1);
  stop.abort();
  await done;
  other.close();
});

test("it ends at once when told to, even while it waits for an answer", async () => {
  const stop = new AbortController();
  const endpoint = `tcp://127.0.0.1:${await freePortPair()}`;
  const done = keepHeartbeat(() => new Request(), { endpoint, application: "test", log: () => {} }, stop.signal);
  setImmediate(() => stop.abort());
  await done;
});
