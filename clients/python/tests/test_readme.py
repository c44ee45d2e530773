"""What README.md shows works as it is shown."""

import re

from daemon import ROOT

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "clients/python/README.md").read_text(), re.S)


def test_the_blocks_run(url, capsys):
    watch, blocking = BLOCKS
    # The first watches for ever: it ends with its third frame here.
    bounded = watch.replace("await client.shown(frame.seq)", "if frame.seq % 3 == 0: return")
    blocking = blocking.replace('"form"', '"pose"')
    for block in (bounded, blocking):
        exec(compile(block.replace("http://127.0.0.1:8787", url), "README.md", "exec"), {"__name__": "readme"})
    told = capsys.readouterr().out
    assert re.search(r"\d+ ok \(16, 16, 3\)|\d+ [a-z-]+ \(16, 16, 3\)", told)
    assert "holds from frame" in told
    assert "is in the lineage" in told


def test_the_blocks_are_ten_lines():
    assert len(BLOCKS) == 2
    assert all(sum(map(bool, block.splitlines())) <= 10 for block in BLOCKS)
