"""Programs that stand on PATH instead of the host's own, answer as they are told and write down what came."""

from __future__ import annotations

import json
import sys
from pathlib import Path

SCRIPT = """#!{python} -IS
import json, os, sys, time
words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
folder = {folder!r}
said = sys.stdin.read() if "--interactive" in words else ""
with open(folder + "/calls", "a") as file:
    file.write(json.dumps([words, said]) + "\\n")
for rule in reversed(json.load(open(folder + "/rules"))):
    if words[: len(rule["words"])] == rule["words"]:
        sys.stdout.write(rule["out"])
        sys.stdout.flush()
        sys.stderr.write(rule["err"])
        time.sleep(rule["seconds"])
        exec(rule["then"])
        sys.exit(rule["code"])
sys.exit("this test expects no " + " ".join(words))
"""


class Programs:
    """A folder to be all of PATH. A program is there once it has an answer; the newest rule goes first."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / "bin"
        self.path.mkdir(parents=True)
        self.rules: list[dict[str, object]] = []
        (folder / "calls").touch()

    def answer(
        self,
        words: str | list[str],
        out: str = "",
        err: str = "",
        code: int = 0,
        then: str = "",
        seconds: float = 0,
    ) -> None:
        """What a call that begins with ``words`` prints and ends with; ``then`` is Python that it runs."""
        words = words.split() if isinstance(words, str) else words
        rule = {"words": words, "out": out, "err": err, "code": code, "then": then}
        self.rules.append({**rule, "seconds": seconds})
        (self.folder / "rules").write_text(json.dumps(self.rules))
        program = self.path / words[0]
        if not program.exists():
            program.write_text(SCRIPT.format(python=sys.executable, folder=str(self.folder)))
            program.chmod(0o755)

    def later(self, words: list[str], out: str = "") -> str:
        """For ``then``: from that call on, a call that begins with ``words`` ends well and prints ``out``."""
        rule = {"words": words, "out": out, "err": "", "code": 0, "then": "", "seconds": 0}
        rules = str(self.folder / "rules")
        return (
            f"rules = json.load(open({rules!r}))\n"
            f"open({rules!r} + '.new', 'w').write(json.dumps([*rules, {rule!r}]))\n"
            f"os.replace({rules!r} + '.new', {rules!r})"
        )

    @property
    def calls(self) -> list[str]:
        """Every call so far, its words joined."""
        return [" ".join(words) for words, _ in self._log()]

    def called(self, beginning: str) -> list[str]:
        """The calls that begin so."""
        return [call for call in self.calls if call.startswith(beginning)]

    def stdin(self, part: str) -> str:
        """What was written to the one call that holds ``part`` (and is ``--interactive``)."""
        (said,) = [said for words, said in self._log() if part in " ".join(words)]
        return said

    def _log(self) -> list[tuple[list[str], str]]:
        return [tuple(json.loads(line)) for line in (self.folder / "calls").read_text().splitlines()]
