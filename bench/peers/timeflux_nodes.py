"""Nodes of the Timeflux application in timeflux.yaml: ZeroMQ in, bins, linear decoder, Timeflux's own `Pub`."""

from pathlib import Path

import linear_bundle
import msgpack
import numpy as np
import pandas as pd
import zmq
from open_ephys import Bins, SpikeParser, Windows
from timeflux.core.node import Node
from timeflux.nodes.zmq import Pub


class OpenEphysSpikes(Node):
    """Counts of bins, one row a bin, from spike messages of Open Ephys' ZMQ Interface.

    Attributes:
        o (Port): Default output, provides DataFrame: counts by unit, indexed by the end of the bin.

    Args:
        bundle (str): Folder of the bundle, for its units and the width of its bins.
        address (str): Of the publisher.
        lateness (float): How long a bin waits for late spikes, ms.
        wait (float): How long an update waits for spikes, ms; 0 takes what is there, as Timeflux's `Sub` does.
    """

    def __init__(self, bundle, address, lateness, wait=0):
        self._bundle = linear_bundle.load(Path(bundle))
        self._parser = SpikeParser(self._bundle.labels)
        self._bins = Bins(len(self._bundle.labels), self._bundle.width_ms, lateness)
        self._wait = wait
        self._socket = zmq.Context.instance().socket(zmq.SUB)
        self._socket.connect(address)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"EVENT")

    def update(self):
        if self._wait > 0:
            self._socket.poll(self._wait)
        closed = self._bins.push(self._parser.parse(self._waiting()))
        if closed:
            ends, counts = zip(*closed, strict=True)
            index = pd.to_datetime(np.array(ends) * 1e6, unit="us")
            self.o.data = pd.DataFrame(np.stack(counts), index=index, columns=self._bundle.labels)

    def _waiting(self):
        messages = []
        try:
            while True:
                messages.append(self._socket.recv_multipart(zmq.NOBLOCK))
        except zmq.Again:
            return messages

    def terminate(self):
        self._socket.close(0)


class LinearDecoder(Node):
    """Latents and picture of the last bins.

    Attributes:
        i (Port): Default input, expects DataFrame: counts by unit.
        o (Port): Default output, provides DataFrame: one packed message a row.

    Args:
        bundle (str): Folder of the bundle.
    """

    def __init__(self, bundle):
        self._bundle = linear_bundle.load(Path(bundle))
        self._windows = Windows(self._bundle.window, len(self._bundle.labels))

    def update(self):
        if not self.i.ready():
            return
        ends = self.i.data.index.to_numpy().astype("datetime64[us]").astype(np.int64) / 1e6
        normalised = self._bundle.normalise(self.i.data.to_numpy())
        messages = [self._message(end_s, row) for end_s, row in zip(ends, normalised, strict=True)]
        self.o.data = pd.DataFrame({"message": messages}, index=self.i.data.index).dropna()

    def _message(self, end_s, normalised):
        window = self._windows.push(normalised)
        if window is None:
            return None
        mu, image = self._bundle.decode(window)
        return msgpack.packb({"endS": end_s, "mu": mu, "image": image})


class PubMessages(Pub):
    """Timeflux's publisher for rows that are packed already: other programs cannot read its pickled DataFrames.

    Attributes:
        i (Port): Default input, expects DataFrame with a column `message`.
    """

    def __init__(self, topic, address):
        super().__init__(topic, address)
        print("ready", flush=True)

    def update(self):
        if self.i.ready():
            for message in self.i.data["message"]:
                self._socket.send_multipart([self._topic, message])
