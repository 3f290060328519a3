"""The folder in which a kernel starts, whatever it is called."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = """
import os, sys
from kernels.engine.kernel_process import _become_child
os.closerange = lambda low, high: None
_become_child(sys.stdin.read().encode().decode("unicode_escape"))
print(os.getcwd(), flush=True)
"""


@pytest.mark.parametrize("folder", ["/nowhere", r"/workspace/\ud800", r"/a\x00b", ""])
def test_a_folder_that_is_none_does_not_keep_a_kernel_from_starting(folder):
    done = subprocess.run(
        [sys.executable, "-c", START], check=False, input=folder, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("/", "/workspace")
