"""The keeper signs, forwards, prunes and meters in a process of its own, and goes on after what fails."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jupyterhub.services.service import Service
from sqlalchemy import Engine
from traitlets.config import Config

from hub_config import audit_keeper
from hub_config.audit_keeper import AuditKeeper
from provisioning.audit import heads, keys, retention
from provisioning.audit.verify import verify
from provisioning.refusal import Refusal
from provisioning.registry import database, events
from provisioning.registry.models import AuditPosition


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    url = f"sqlite:///{tmp_path}/keeper.sqlite"
    database.upgrade(url)
    (tmp_path / "keys").mkdir(mode=0o700)
    monkeypatch.setenv("CARREL_REGISTRY_URL", url)
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("CARREL_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    made = database.engine(url)
    yield made
    made.dispose()


def note(engine: Engine) -> None:
    events.note(engine, source="hub", user="li-wei", project="heart", kind="desk-started")


def signed(engine: Engine) -> list[heads.Head]:
    with database.sessions(engine)() as session:
        return heads.heads(session)


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    assert holds()


def test_it_signs_what_is_new_and_only_that(engine: Engine) -> None:
    keeper = AuditKeeper(engine)
    keeper.sign()
    assert signed(engine) == []
    note(engine)
    keeper.sign()
    keeper.sign()
    note(engine)
    keeper.sign()
    assert [head.number for head in signed(engine)] == [1, 2]
    public = keys.public_key(keys.keys_root() / keys.PUBLIC)
    assert isinstance(public, Ed25519PublicKey)
    with database.sessions(engine)() as session:
        assert verify(session, signed(engine), {keys.fingerprint(public): public}).heads == 2


def test_fewer_days_than_must_be_are_as_many_as_must_be(engine: Engine, monkeypatch, caplog) -> None:
    asked = []
    monkeypatch.setattr(retention, "prune", lambda *arguments: asked.append(arguments[3]) or [])
    keeper = AuditKeeper(engine, config=Config({"AuditKeeper": {"keep_days": 30}}))
    keeper.prune_old()
    assert "kept for 180 all the same" in caplog.text
    assert retention.keep_days(asked[0]) == 180


def test_what_is_configured_is_done_and_a_receiver_that_is_none_is_refused(engine: Engine) -> None:
    assert set(AuditKeeper(engine).loops()) == {"signing", "pruning"}
    keeper = AuditKeeper(engine, syslog="tcp://127.0.0.1:9", prune=False)
    assert set(keeper.loops()) == {"signing", "forwarding"}
    with database.sessions(engine)() as session:
        assert session.query(AuditPosition).count() == 1, "nothing is pruned before it was forwarded"
    with pytest.raises(Refusal, match="names no syslog receiver"):
        AuditKeeper(engine, syslog="gopher://x").loops()


def test_only_its_own_settings_of_the_hubs_file_count(tmp_path: Path) -> None:
    file = tmp_path / "jupyterhub_config.py"
    file.write_text(
        "c.AuditKeeper.sign_every = 7\nc.JupyterHub.services.append({})\nc.ProjectSpawner.x = 1\n"
    )
    config = audit_keeper.settings(file)
    assert list(config) == ["AuditKeeper"]
    assert config.AuditKeeper.sign_every == 7
    assert audit_keeper.settings(tmp_path / "none.py") == Config()


def test_it_is_given_no_secret_that_it_has_no_use_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*audit_keeper.KEPT_FROM_IT, "HOME", "CARREL_SITE", "DOCKER_HOST", "TZ"):
        monkeypatch.setenv(name, "secret")
    service = audit_keeper.service()
    given = set(service["environment"])
    assert {"CARREL_SITE", "DOCKER_HOST", "TZ"} <= given
    assert given.isdisjoint(audit_keeper.KEPT_FROM_IT | {"HOME"})
    assert set(service) == {"name", "command", "environment", "display"}, "no token, no admin, no url"
    made = Service(**{key: value for key, value in service.items() if key != "environment"})
    assert made.managed
    assert made.kind == "managed"


def test_one_loop_that_fails_holds_up_no_other_and_is_told_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import threading  # noqa: PLC0415

    keeper, done = AuditKeeper(engine), []

    def fail() -> None:
        done.append("failed")
        raise OSError("not now")

    loops = {"one": (0.01, fail), "two": (0.01, lambda: done.append("two"))}
    monkeypatch.setattr(AuditKeeper, "loops", lambda self: loops)
    running = threading.Thread(target=keeper.run)
    running.start()
    until(lambda: done.count("two") > 20 and done.count("failed") > 2)
    keeper.stopped.set()
    running.join(10)
    assert not running.is_alive()
    assert [record.levelname for record in caplog.records if record.message.startswith("one:")] == ["ERROR"]


def test_the_process_signs_and_forwards_again_after_it_is_killed(engine: Engine, tmp_path: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(30)
    config = tmp_path / "jupyterhub_config.py"
    config.write_text(
        f"c.AuditKeeper.syslog = 'tcp://127.0.0.1:{listening.getsockname()[1]}'\n"
        "c.AuditKeeper.sign_every = 1\nc.AuditKeeper.forward_every = 0.1\n"
    )
    script = (
        "import sys; from pathlib import Path; from hub_config import audit_keeper as keeper; "
        f"given = keeper.settings(Path({str(config)!r})); keeper.settings = lambda: given; sys.exit(keeper.main())"
    )

    def received() -> bytes:
        connection, _ = listening.accept()
        with connection:
            data = b""
            while chunk := connection.recv(4096):
                data += chunk
        return data

    for number in (1, 2):
        note(engine)
        process = subprocess.Popen([sys.executable, "-c", script], env=dict(os.environ))
        try:
            assert f'number="{number}"'.encode() in received()
            until(lambda number=number: signed(engine) and signed(engine)[-1].number == number)
        finally:
            process.send_signal(signal.SIGKILL if number == 1 else signal.SIGTERM)
            assert process.wait(20) == (-signal.SIGKILL if number == 1 else 0)
    listening.close()
