"""A real rig and a real daemon for the tests, with the tiny bundle; both end with the test."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
TINY = ROOT / "test/fixtures/tiny-bundle"
TINY_LINEAR = ROOT / "test/fixtures/tiny-linear"
EXAMPLES = ROOT / "clients/python/examples"
NODE = ROOT / "node_modules/node/bin/node"


class Running:
    """A child process; what it says is kept."""

    def __init__(self, *args: str) -> None:
        self.output = ""
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            [NODE, *args], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._news:
                self.output += line
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def saw(self, pattern: str) -> re.Match:
        """The first match in what it said; fails with everything when it ends without."""
        with self._news:
            self._news.wait_for(lambda: self._ended or re.search(pattern, self.output), timeout=90)
            match = re.search(pattern, self.output)
        assert match, f"no {pattern} in:\n{self.output}"
        return match

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def free_ports(count: int = 2) -> int:
    """A port p such that p and the `count` - 1 after it are free now."""
    while True:
        with ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                for offset in range(1, count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port + offset))
            except OSError:
                continue
            return port


@contextmanager
def rig(port: int, *args: str) -> Iterator[Running]:
    running = Running("daemon/main.ts", "rig", "--port", str(port), "--session", str(TINY / "session"), *args)
    try:
        running.saw(r"rig: publishing")
        yield running
    finally:
        running.stop()


@contextmanager
def daemon(rig_port: int, **overrides: object) -> Iterator[str]:
    """Its address."""
    config = {
        "source": {"options": {"endpoint": f"tcp://127.0.0.1:{rig_port}"}},
        "bundle": str(TINY),
        "bundles": [str(TINY_LINEAR)],
        "stimuli": str(TINY / "session"),
        "server": {"port": 0},
        # Two cores and a test beside it: no picture is to be missing because it was late.
        "decode": {"budgetMs": 500, "everyBins": 2},
        **overrides,
    }
    with tempfile.TemporaryDirectory() as folder:
        # JSON is YAML.
        file = Path(folder) / "config.yaml"
        file.write_text(json.dumps(config))
        running = Running("daemon/main.ts", "run", "--config", str(file))
        try:
            yield running.saw(r"watching at (\S+)")[1]
        finally:
            running.stop()


def phosphene(*args: str) -> str:
    """What a command of the daemon's command line prints."""
    done = subprocess.run([NODE, "daemon/main.ts", *args], cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_example(name: str, *args: str, **environment: str) -> str:
    """What an example prints."""
    env = {**os.environ, **environment}
    done = subprocess.run([sys.executable, EXAMPLES / name, *args], capture_output=True, text=True, timeout=60, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
