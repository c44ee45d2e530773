"""A real LSL peer, driven by test/peers/lsl-peers.test.ts: says what it does as JSON lines on standard output.

outlet: pushes `--samples` numbered samples at `--rate` once somebody listens. Stamps are exact: t0 + (k + 1) / rate.
inlet: reads `--samples` samples of a stream and says what the stream says of itself.
"""

import argparse
import json
import sys
import time

import numpy as np

# Seconds of a regular stream, hundreds of samples of an irregular one: 30 s of 20,000 spikes/s. liblsl drops what does not fit.
BUFFER = 6_000


def say(**message) -> None:
    print(json.dumps(finite(message)), flush=True)


def finite(value):
    """JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and value != value else value


def counts(k: int, channels: int) -> np.ndarray:
    """Sample k of counts: channel c has (k + c) mod 7 spikes, the first channel has k mod 30000."""
    values = ((k + np.arange(channels)) % 7).astype(np.int16)
    values[0] = k % 30_000
    return values


def spikes(first: int, last: int) -> np.ndarray:
    """Spikes first to last: of unit k mod 1000, which is channel k div 10, sorted unit k mod 10."""
    k = np.arange(first, last) % 1000
    waveform = np.tile(np.arange(4), (len(k), 1))
    return np.column_stack([k // 10, k % 10, waveform]).astype(np.int16)


def open_outlet(args):
    regular = args.layout == "counts"
    channels = args.units if regular else 6
    rate = args.rate if regular else 0.0
    labels = [f"{c // 10}.{c % 10}" for c in range(channels)] if regular else ["channel", "unit", "w0", "w1", "w2", "w3"]
    if args.reverse:
        labels.reverse()
    if args.library == "pylsl":
        import pylsl

        info = pylsl.StreamInfo(args.name, args.type, channels, rate, "int16", args.source_id)
        node = info.desc().append_child("channels")
        for label in labels:
            node.append_child("channel").append_child_value("label", label)
        return pylsl.StreamOutlet(info, 0, BUFFER), pylsl.local_clock
    import mne_lsl.lsl

    info = mne_lsl.lsl.StreamInfo(args.name, args.type, channels, rate, "int16", args.source_id)
    info.set_channel_names(labels)
    return mne_lsl.lsl.StreamOutlet(info, 1, BUFFER), mne_lsl.lsl.local_clock


def outlet(args) -> None:
    stream, clock = open_outlet(args)
    say(ready=True)
    if not stream.wait_for_consumers(60):
        raise SystemExit("nobody listens")
    t0 = clock()
    sent = 0
    slowest = 0.0
    while sent < args.samples:
        due = min(args.samples, int((clock() - t0) * args.rate))
        if due <= sent:
            time.sleep(0.001)
            continue
        slowest = max(slowest, clock() - t0 - (sent + 1) / args.rate)
        stamps = t0 + (np.arange(sent, due) + 1) / args.rate
        if args.layout == "counts":
            for k, stamp in zip(range(sent, due), stamps.tolist(), strict=True):
                push(stream, counts(k, args.units), stamp, args.library)
        else:
            push_chunk(stream, spikes(sent, due), stamps, args.library)
        sent = due
    say(sent=sent, t0=t0, slowest=slowest)
    sys.stdin.read()  # until the test closes it: closing the outlet would cut off what is on its way


def push(stream, values, stamp, library) -> None:
    if library == "pylsl":
        stream.push_sample(values.tolist(), stamp)
    else:
        stream.push_sample(values, stamp)


def push_chunk(stream, values, stamps, library) -> None:
    if library == "pylsl":
        stream.push_chunk(values.tolist(), stamps.tolist())
    else:
        stream.push_chunk(values, stamps)


def inlet(args) -> None:
    describe, pull, correction = pylsl_inlet(args) if args.library == "pylsl" else mne_inlet(args)
    say(connected=True)
    samples, stamps = [], []
    while len(samples) < args.samples:
        values, times = pull()
        samples.extend(values)
        stamps.extend(times)
    say(samples=samples, stamps=stamps, correction=correction(), **describe())


def pylsl_inlet(args):
    import pylsl

    found = pylsl.resolve_byprop("source_id", args.source_id, 1, 30)
    stream = pylsl.StreamInlet(found[0], max_buflen=60)
    stream.open_stream(30)
    info = stream.info()

    def describe():
        channel = info.desc().child("channels").child("channel")
        channels = []
        while not channel.empty():
            channels.append({key: channel.child_value(key) for key in ("label", "unit", "type", "group")})
            channel = channel.next_sibling("channel")
        acquisition = info.desc().child("acquisition")
        return {
            "name": info.name(),
            "type": info.type(),
            "rate": info.nominal_srate(),
            "channels": channels,
            "manufacturer": acquisition.child_value("manufacturer"),
            "session": acquisition.child_value("session"),
        }

    return describe, lambda: stream.pull_chunk(0.2, 64), stream.time_correction


def mne_inlet(args):
    import mne_lsl.lsl

    (found,) = mne_lsl.lsl.resolve_streams(timeout=30, source_id=args.source_id)
    stream = mne_lsl.lsl.StreamInlet(found, max_buffered=60)
    stream.open_stream(30)
    info = stream.get_sinfo()

    def describe():
        names, units, kinds = info.get_channel_names(), info.get_channel_units(), info.get_channel_types()
        channels = [
            {"label": label, "unit": unit, "type": kind} for label, unit, kind in zip(names, units, kinds, strict=True)
        ]
        return {"name": info.name, "type": info.stype, "rate": info.sfreq, "channels": channels}

    def pull():
        values, times = stream.pull_chunk(timeout=0.2, max_samples=64)
        values = values.tolist() if isinstance(values, np.ndarray) else values
        return values, np.asarray(times).tolist()

    return describe, pull, stream.time_correction


def library_path(args) -> None:
    import pylsl.lib

    say(path=pylsl.lib.lib._name)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["outlet", "inlet", "library"])
    parser.add_argument("--library", choices=["pylsl", "mne-lsl"], default="pylsl")
    parser.add_argument("--layout", choices=["counts", "events"], default="counts")
    parser.add_argument("--name", default="phosphene-peer")
    parser.add_argument("--type", default="SpikeCounts")
    parser.add_argument("--source-id", default="")
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--reverse", action="store_true")
    args = parser.parse_args()
    {"outlet": outlet, "inlet": inlet, "library": library_path}[args.role](args)


if __name__ == "__main__":
    main()
