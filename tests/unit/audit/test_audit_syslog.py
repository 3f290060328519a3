"""The trail at a syslog receiver: every record, in order, whatever goes away and comes back."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from old_trail import add
from receivers import MESSAGE, Datagrams, Listener, certificate, tcp, tls_context
from sqlalchemy import Engine

from provisioning.audit import forward, reading, syslog
from provisioning.audit.chain import FIELDS, canonical
from provisioning.audit.syslog import ReceiverAway, receiver
from provisioning.command import main
from provisioning.refusal import Refusal
from provisioning.registry import database


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """30 records, in SQLite: what is sent does not differ by the database."""
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    database.upgrade(url)
    monkeypatch.setenv("CARREL_REGISTRY_URL", url)
    made = database.engine(url)
    add(made, 30, monkeypatch)
    yield made
    made.dispose()


def numbers(messages: list[bytes]) -> list[int]:
    found = []
    for each in messages:
        parsed = MESSAGE.fullmatch(each)
        assert parsed is not None, each
        found.append(int(parsed["number"]))
    return found


def until(holds, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    assert holds()


def test_a_message_is_that_of_rfc_5424_and_verifies_by_itself(engine: Engine) -> None:
    with database.sessions(engine)() as session:
        line = next(reading.lines(session))
    line["user"] = 'a"b]c\\'
    made = syslog.message(line, "site one\n")
    parsed = MESSAGE.fullmatch(made)
    assert parsed is not None
    assert (parsed["pri"], parsed["app"], parsed["kind"]) == (b"108", b"carrel", b"denied")
    assert (parsed["host"], parsed["proc"]) == (b"site-one-", b"hub")
    assert parsed["time"].decode() == line["received"]
    assert rb'user="a\"b\]c\\"' in parsed["data"]
    assert parsed["text"].isascii()
    line["user"] = "li-wei"
    document = json.loads(MESSAGE.fullmatch(syslog.message(line, "h"))["text"])
    hashed = canonical({name: document[name] for name in FIELDS}).encode()
    assert hashlib.sha256(hashed).hexdigest() == document["hash"]
    assert MESSAGE.fullmatch(syslog.message({**line, "kind": "sign-in"}, "h"))["pri"] == b"109"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "logs",
        "http://x",
        "tcp://",
        "tls://h:0x1",
        "tcp://h:99999",
        "tcp://u@h:1",
        "udp://h/x",
        "unix://h/p",
        "unix:p",
        "tls://h?x=1",
        "tcp://" + "h" * 200,
    ],
)
def test_what_names_no_receiver_is_refused(address: str) -> None:
    with pytest.raises(Refusal, match="names no syslog receiver"):
        receiver(address)


def test_ports_and_certificates_of_receivers(tmp_path: Path) -> None:
    assert receiver("tls://logs").address == "tls://logs:6514"
    assert receiver("udp://[::1]").address == "udp://[::1]:514"
    with pytest.raises(Refusal, match="does not exist"):
        receiver("tls://logs", ca=str(tmp_path / "none.pem"))
    (tmp_path / "ca.pem").write_text("")
    with pytest.raises(Refusal, match="go with a tls"):
        receiver("tcp://logs", ca=str(tmp_path / "ca.pem"))


def test_over_tcp_every_record_comes_once_and_in_order(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener, port = tcp()
    to = receiver(f"tcp://127.0.0.1:{port}")
    assert forward.forward(engine, to, batch=7) == 30
    assert numbers(listener.messages) == list(range(1, 31))
    assert listener.connections == 5
    assert forward.forward(engine, to) == 0
    add(engine, 2, monkeypatch)
    assert forward.forward(engine, to) == 2
    assert numbers(listener.messages)[30:] == [31, 32]
    assert set(listener.left_over) == {b""}
    listener.close()


def test_over_tls_with_both_certificates(engine: Engine, tmp_path: Path) -> None:
    mine, key = certificate(tmp_path, "sender")
    listener, port = tcp(context=tls_context(tmp_path, "localhost", client_ca=mine))
    address = f"tls://localhost:{port}"
    ca = str(tmp_path / "localhost.pem")
    with pytest.raises(ReceiverAway):
        forward.forward(engine, receiver(address, ca=ca))  # no certificate of ours
    assert listener.messages == []
    to = receiver(address, ca, str(mine), str(key))
    assert forward.forward(engine, to) == 30
    assert numbers(listener.messages) == list(range(1, 31))
    listener.close()


def test_a_tls_receiver_that_nobody_vouches_for_or_has_another_name_gets_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    listener, port = tcp(context=tls_context(tmp_path, "localhost"))
    for to in (
        receiver(f"tls://localhost:{port}"),
        receiver(f"tls://127.0.0.1:{port}", ca=str(tmp_path / "localhost.pem")),
    ):
        with pytest.raises(ReceiverAway, match="certificate"):
            forward.forward(engine, to)
        assert forward.position(engine, to) == 0
    assert listener.messages == []
    listener.close()


def test_a_tls_connection_that_somebody_cuts_off_counts_for_nothing(engine: Engine, tmp_path: Path) -> None:
    listener, port = tcp(context=tls_context(tmp_path, "localhost"), says_goodbye=False)
    to = receiver(f"tls://localhost:{port}", ca=str(tmp_path / "localhost.pem"))
    with pytest.raises(ReceiverAway):
        forward.forward(engine, to)
    assert forward.position(engine, to) == 0
    listener.says_goodbye = True
    assert forward.forward(engine, to) == 30
    assert numbers(listener.messages) == [*range(1, 31), *range(1, 31)], "sent again, and known by number"
    listener.close()


@pytest.mark.parametrize("plain_end", [False, True])
def test_a_tls_receiver_that_says_goodbye_before_it_read_all_has_taken_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_end: bool
) -> None:
    add(engine, 470, monkeypatch)
    listener, port = tcp(context=tls_context(tmp_path, "localhost"), leave_after=1024)
    to = receiver(f"tls://localhost:{port}", ca=str(tmp_path / "localhost.pem"), plain_end=plain_end)
    for _ in range(5):
        with pytest.raises(ReceiverAway):
            forward.forward(engine, to)
    assert forward.position(engine, to) == 0
    assert len(listener.messages) < 500
    listener.close()


def test_where_a_site_says_so_the_end_of_tcp_counts_and_a_reset_never_does(
    engine: Engine, tmp_path: Path
) -> None:
    listener, port = tcp(context=tls_context(tmp_path, "localhost"), says_goodbye=False, leave_after=1024)
    to = receiver(f"tls://localhost:{port}", ca=str(tmp_path / "localhost.pem"), plain_end=True)
    with pytest.raises(ReceiverAway):
        forward.forward(engine, to)
    assert forward.position(engine, to) == 0
    listener.leave_after = None
    listener.messages.clear()
    assert forward.forward(engine, to) == 30
    assert numbers(listener.messages) == list(range(1, 31))
    listener.close()


@pytest.mark.parametrize("leave_after", [1, 1024, 3000])
def test_a_receiver_that_goes_away_and_comes_back_gets_all(engine: Engine, leave_after: int) -> None:
    listener, port = tcp(leave_after=leave_after)
    to = receiver(f"tcp://127.0.0.1:{port}")
    with pytest.raises(ReceiverAway):
        forward.forward(engine, to, batch=20)
    assert len(listener.messages) < 20
    assert forward.position(engine, to) == 0
    listener.close()
    with pytest.raises(ReceiverAway):
        forward.forward(engine, to)
    back = Listener(socket.create_server(("127.0.0.1", port)))
    assert forward.forward(engine, to, batch=20) == 30
    assert numbers(back.messages) == list(range(1, 31))
    back.close()


def test_over_unix_sockets_of_both_kinds(engine: Engine, short_tmp: Path) -> None:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.bind(str(short_tmp / "s"))
    stream.listen()
    listener = Listener(stream, lines=True)
    assert forward.forward(engine, receiver(f"unix-stream://{short_tmp}/s")) == 30
    assert numbers(listener.messages) == list(range(1, 31))
    listener.close()
    datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagram.bind(str(short_tmp / "d"))
    taking = Datagrams(datagram)
    to = receiver(f"unix://{short_tmp}/d")
    assert forward.forward(engine, to) == 30
    until(lambda: len(taking.messages) == 30)
    assert numbers(taking.messages) == list(range(1, 31))
    taking.close()
    with pytest.raises(ReceiverAway, match="refused"):
        syslog.send(to, [b"x"])


def test_over_udp_and_that_nobody_is_there_is_noticed(engine: Engine) -> None:
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.bind(("127.0.0.1", 0))
    port = datagram.getsockname()[1]
    taking = Datagrams(datagram)
    to = receiver(f"udp://127.0.0.1:{port}")
    assert forward.forward(engine, to) == 30
    until(lambda: len(taking.messages) == 30)
    assert sorted(numbers(taking.messages)) == list(range(1, 31))
    taking.close()
    with pytest.raises(ReceiverAway, match="refused"):
        syslog.send(to, [b"x"])


FORWARDER = """
import sys
from provisioning.audit import forward
from provisioning.audit.syslog import receiver
from provisioning.registry import database
print("begun", flush=True)
forward.forward(database.engine(sys.argv[1]), receiver(sys.argv[2]), batch=3)
"""


def test_forwarders_that_are_killed_lose_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(engine, 570, monkeypatch)
    listener, port = tcp()
    address = f"tcp://127.0.0.1:{port}"
    killed = 0
    for pause in (0.05, 0.2, 0.3, 0.4):
        sender = subprocess.Popen(
            [sys.executable, "-c", FORWARDER, f"sqlite:///{tmp_path}/registry.sqlite", address],
            stdout=subprocess.PIPE,
        )
        assert sender.stdout is not None
        assert sender.stdout.readline() == b"begun\n"
        time.sleep(pause)
        killed += sender.poll() is None
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        sender.stdout.close()
    assert killed >= 2
    forward.forward(engine, receiver(address))
    came = numbers(listener.messages)
    firsts = list(dict.fromkeys(came))
    assert firsts == list(range(1, 601)), "none is missing, and each came first in its order"
    listener.close()


def test_the_command_sends_and_says_how_many(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    listener, port = tcp()
    assert main(["audit", "export", "--after", "10", "--syslog", f"tcp://127.0.0.1:{port}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"exported": 20, "last": 30}
    assert numbers(listener.messages) == list(range(11, 31))
    listener.close()
    assert main(["audit", "export", "--syslog", f"tcp://127.0.0.1:{port}"]) == 1
    assert "does not take records" in capsys.readouterr().err
    assert main(["audit", "export", "--syslog", "tcp://"]) == 1


def test_a_receiver_that_is_no_longer_configured_is_forgotten(engine: Engine) -> None:
    listener, port = tcp()
    kept, dropped = receiver(f"tcp://127.0.0.1:{port}"), receiver("tcp://gone:514")
    forward.position(engine, dropped)
    forward.forward(engine, kept)
    forward.forget_others(engine, kept)
    with database.sessions(engine)() as session:
        from provisioning.registry.models import AuditPosition  # noqa: PLC0415

        assert {row.reader for row in session.query(AuditPosition)} == {forward.reader(kept)}
    listener.close()
