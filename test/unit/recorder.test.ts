import { Unpackr } from "msgpackr";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readMcapLog } from "../../adapters/recording/mcap-log.ts";
import { parsePhosphene } from "../../adapters/recording/parse-phosphene.ts";
import { SERVER } from "../golden/protocol-messages.ts";
import { loggedMessages, metadata, recorderOn, sinkInMemory } from "./recorder-helpers.ts";

afterEach(() => void vi.useRealTimers());

describe("the recorder", () => {
  test("every message of a source comes back as it was, to the bit", async () => {
    const sink = sinkInMemory();
    const recorder = recorderOn(sink);
    for (const message of loggedMessages) recorder.message(message);
    await recorder.close();
    const recording = parsePhosphene(sink.bytes(), "a.mcap", undefined);
    expect(recording.messages).toEqual(loggedMessages);
    expect(recording.labels).toEqual(["a.1", "b.1"]);
    expect(recording.notes).toEqual([]);
    expect(recording.metadata).toMatchObject({ session: "s", digest: "d" });
    expect(recorder.status()).toMatchObject({
      state: "closed",
      records: loggedMessages.length,
      bytes: sink.bytes().length,
    });
  });

  test("frames leave their lineage, and their picture when that is asked for", async () => {
    for (const frames of [false, true]) {
      const sink = sinkInMemory();
      const recorder = recorderOn(sink, { frames });
      recorder.frame(SERVER.frame, 77.5);
      await recorder.close();
      const records: Record<string, unknown>[] = [];
      readMcapLog(sink.bytes(), ({ topic, data }) => {
        expect(topic).toBe("frame");
        records.push(new Unpackr({ useRecords: false }).unpack(data));
      });
      const { image, ...lineage } = SERVER.frame;
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({
        seq: lineage.seq,
        bins: lineage.bins,
        bundle: lineage.bundle,
        steps: lineage.steps,
      });
      expect(records[0]!.stamps).toEqual({ ...lineage.stamps, written: 77.5 });
      expect(Buffer.from((records[0]!.image as Uint8Array | undefined) ?? [])).toEqual(
        Buffer.from(frames ? image : []),
      );
    }
  });

  test("clients' events are kept beside the sources' messages, and are not replayed as theirs", async () => {
    const sink = sinkInMemory();
    const recorder = recorderOn(sink);
    recorder.note({ ...SERVER.event, source: "client", text: "reward", n: 3, atMs: 50 }, 77.5);
    for (const message of loggedMessages) recorder.message(message);
    await recorder.close();
    const records: unknown[] = [];
    readMcapLog(sink.bytes(), ({ topic, data }) => {
      if (topic === "note") records.push(new Unpackr({ useRecords: false }).unpack(data));
    });
    expect(records).toEqual([{ n: 3, text: "reward", atMs: 50, receivedAtMs: 77.5 }]);
    const { messages, notes } = parsePhosphene(sink.bytes(), "a.mcap", undefined);
    expect([messages, notes]).toEqual([loggedMessages, []]);
  });

  test("a chunk is written every second, so a crash costs a second", async () => {
    vi.useFakeTimers();
    const sink = sinkInMemory();
    const recorder = recorderOn(sink);
    for (let second = 0; second < 3; second++) {
      for (const message of loggedMessages) recorder.message(message);
      await vi.advanceTimersByTimeAsync(1_000);
      const { messages, notes } = parsePhosphene(sink.bytes(), "a.mcap", undefined);
      expect(messages.length).toBe((second + 1) * loggedMessages.length);
      expect(notes).toEqual([expect.stringContaining("it was not closed")]);
    }
    await recorder.close();
  });

  test("a file that is cut anywhere is read up to its last whole chunk", { timeout: 120_000 }, async () => {
    const sink = sinkInMemory();
    const recorder = recorderOn(sink);
    const ends: number[] = [];
    for (let chunk = 0; chunk < 4; chunk++) {
      for (const message of loggedMessages) recorder.message({ ...message, receivedAtMs: chunk });
      recorder.flush();
      await vi.waitFor(() => expect(sink.writes()).toBe(chunk + 2));
      ends.push(sink.bytes().length);
    }
    await recorder.close();
    const whole = sink.bytes();
    const firstChunkAt = sink.sizes()[0]!;
    for (let length = firstChunkAt; length < whole.length; length++) {
      const { messages } = parsePhosphene(whole.subarray(0, length), "cut.mcap", undefined);
      const chunks = new Set(messages.map(({ receivedAtMs }) => receivedAtMs)).size;
      // Message indices follow a chunk: it is whole before they are.
      expect(chunks).toBeGreaterThanOrEqual(ends.filter((end) => end <= length).length);
      expect(messages.length).toBe(chunks * loggedMessages.length);
    }
    for (let length = 0; length < firstChunkAt; length++)
      expect(() => parsePhosphene(whole.subarray(0, length), "cut.mcap", undefined)).toThrow(
        expect.objectContaining({ code: "RECORDING_INVALID" }),
      );
  });

  test("damage in the middle: what came before it is read, and it is said", async () => {
    const sink = sinkInMemory();
    const recorder = recorderOn(sink);
    for (let chunk = 0; chunk < 3; chunk++) {
      for (const message of loggedMessages) recorder.message(message);
      recorder.flush();
    }
    await recorder.close();
    const damaged = Uint8Array.from(sink.bytes());
    const [begin = 0, first = 0] = sink.sizes();
    damaged[begin + first + 200]! ^= 0xff;
    const { messages, notes } = parsePhosphene(damaged, "a.mcap", undefined);
    expect(messages.length).toBe(loggedMessages.length);
    expect(notes).toEqual([expect.stringMatching(/CRC/)]);
  });

  test("a full disk stops the recording once and loudly; taking in goes on for nothing; what was written is readable", async () => {
    const sink = sinkInMemory({ fullAfter: 3 });
    const stopped: string[] = [];
    const recorder = recorderOn(sink, { onStopped: (detail) => stopped.push(detail) });
    for (let chunk = 0; chunk < 6; chunk++) {
      for (const message of loggedMessages) recorder.message(message);
      recorder.flush();
    }
    await vi.waitFor(() => expect(stopped).toEqual(["ENOSPC: no space left on device, write"]));
    const { records } = recorder.status();
    recorder.message(loggedMessages[0]!);
    await recorder.close();
    expect(recorder.status()).toMatchObject({ state: "stopped", detail: stopped[0], records });
    expect(stopped).toHaveLength(1);
    expect(sink.closed()).toBe(true);
    expect(parsePhosphene(sink.bytes(), "a.mcap", undefined).messages.length).toBe(2 * loggedMessages.length);
  });

  test("a disk that does not keep up stops the recording before memory is gone", async () => {
    const sink = sinkInMemory({ hangs: true });
    const stopped: string[] = [];
    const recorder = recorderOn(sink, { onStopped: (detail) => stopped.push(detail) });
    const times = new Float64Array(100_000);
    const block = {
      kind: "spikes" as const,
      source: "r",
      seq: 0,
      times,
      units: new Uint16Array(100_000),
      receivedAtMs: 0,
    };
    for (let i = 0; i < 100; i++) recorder.message(block);
    expect(stopped).toEqual([expect.stringContaining("the disk is too slow")]);
    expect(recorder.status().state).toBe("stopped");
  });

  test("a recording of several sources is played one at a time", async () => {
    const sink = sinkInMemory();
    const recorder = recorderOn(sink);
    for (const source of ["left", "right"]) recorder.message({ kind: "clock", source, time: 1, receivedAtMs: 1 });
    await recorder.close();
    expect(() => parsePhosphene(sink.bytes(), "a.mcap", undefined)).toThrow(/one source.*left, right/);
    expect(parsePhosphene(sink.bytes(), "a.mcap", "right").messages).toHaveLength(1);
    expect(() => parsePhosphene(sink.bytes(), "a.mcap", "top")).toThrow(/expected top, got "left, right"/);
  });

  test("what is no recording of ours is refused", () => {
    const other = recorderOn(sinkInMemory());
    void other.close();
    const sink = sinkInMemory();
    const wrong = recorderOn(sink, { metadata: { ...metadata, format: "9" } });
    return wrong.close().then(() => {
      expect(() => parsePhosphene(sink.bytes(), "a.mcap", undefined)).toThrow(/metadata format/);
    });
  });
});
