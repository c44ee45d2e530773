import { expect, test } from "vitest";
import { createEncoder } from "../../adapters/open-ephys/encode.ts";

// Literals written from the layout page (wire-formats 1.1), not from what the encoder gives.
const encoder = () => createEncoder({ stream: "Rhythm Data", sourceNode: 103, wallClockMs: () => 1751928000126 });
const crlf = (...lines: string[]) => lines.join("\r\n");
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

test("a spike has the EVENT envelope, its body under `spike`, and no data_size", () => {
  const waveform = Float32Array.of(-50, 1.5);
  const [envelope, header, payload] = encoder().spike({
    electrode: "Electrode 1",
    sampleNum: 1234610,
    sortedId: 2,
    threshold: [-50],
    waveform,
  });
  expect(hex(envelope)).toBe("4556454e5400");
  expect(header.toString()).toBe(
    crlf(
      "{",
      '  "message_num": 0,',
      '  "type": "spike",',
      '  "spike": {',
      '    "stream": "Rhythm Data",',
      '    "source_node": 103,',
      '    "electrode": "Electrode 1",',
      '    "sample_num": 1234610,',
      '    "num_channels": 1,',
      '    "num_samples": 2,',
      '    "sorted_id": 2,',
      '    "threshold": [',
      "      -50.0",
      "    ]",
      "  },",
      '  "timestamp": 1751928000126',
      "}",
    ),
  );
  expect(hex(payload)).toBe("000048c20000c03f");
});

test("a block of one channel has the DATA envelope and float32 samples", () => {
  const samples = Float32Array.of(1, -2);
  const [envelope, header, payload] = encoder().data({
    channel: 0,
    channelName: "CH1",
    sampleNum: 1234567,
    sampleRateHz: 30000,
    samples,
  });
  expect(hex(envelope)).toBe("4441544100");
  expect(header.toString()).toBe(
    crlf(
      "{",
      '  "message_num": 0,',
      '  "type": "data",',
      '  "content": {',
      '    "stream": "Rhythm Data",',
      '    "channel_num": 0,',
      '    "channel_name": "CH1",',
      '    "num_samples": 2,',
      '    "sample_num": 1234567,',
      '    "sample_rate": 30000.0',
      "  },",
      '  "data_size": 8,',
      '  "timestamp": 1751928000126',
      "}",
    ),
  );
  expect(hex(payload)).toBe("0000803f000000c0");
});

test("a TTL event has 10 bytes: line, state, word; a text event has UTF-8", () => {
  const encode = encoder();
  const [envelope, header, payload] = encode.ttl(1234600, 3, 1, 8n);
  expect(hex(envelope)).toBe("4556454e5400");
  expect(header.toString()).toBe(
    crlf(
      "{",
      '  "message_num": 0,',
      '  "type": "event",',
      '  "content": {',
      '    "stream": "Rhythm Data",',
      '    "source_node": 103,',
      '    "type": 3,',
      '    "sample_num": 1234600',
      "  },",
      '  "data_size": 10,',
      '  "timestamp": 1751928000126',
      "}",
    ),
  );
  expect(hex(payload)).toBe("03010800000000000000");
  const text = encode.text(7, "stimulus é");
  expect(text[1].toString()).toContain('"type": 5,\r\n    "sample_num": 7\r\n  },\r\n  "data_size": 11,');
  expect(hex(text[2])).toBe("7374696d756c757320c3a9");
});

test("one counter numbers messages of every kind", () => {
  const encode = encoder();
  const samples = new Float32Array(1);
  const all = [
    encode.ttl(1, 0, 1, 1n),
    encode.data({ channel: 0, channelName: "CH1", sampleNum: 1, sampleRateHz: 30000, samples }),
    encode.text(1, "x"),
  ];
  expect(all.map(([, header]) => JSON.parse(header.toString()).message_num)).toEqual([0, 1, 2]);
});
