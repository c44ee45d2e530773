"""What `npm run check` is to the TypeScript: lint, format, and the sizes of files and functions."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FILES = [*PROJECT.glob("*/*.py")]


@pytest.mark.parametrize("command", [("check",), ("format", "--check")])
def test_ruff(command):
    done = subprocess.run([sys.executable, "-m", "ruff", *command, PROJECT], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_functions_stop_at_50_lines_and_files_at_250():
    assert len(FILES) > 20
    for file in FILES:
        source = file.read_text()
        long = [
            node.name
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 50
        ]
        assert not long, file
        assert source.count("\n") <= 250, file
