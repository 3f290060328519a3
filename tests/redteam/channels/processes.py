from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

FORK = """
import subprocess, sys
code = '''
import threading
stop = threading.Event()
threads = [threading.Thread(target=stop.wait) for _ in range(1000)]
try:
    for thread in threads:
        thread.start()
    print("all of them")
finally:
    stop.set()
'''
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
"""


@channel(
    "processes",
    "More processes than the project has: a thousand",
    direction="stop",
    closed_by="an engine's limit of processes, and none of them the desk's",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return secret if "all of them" in site.said(FORK, 20) or not site.answers() else None
