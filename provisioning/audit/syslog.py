"""Records as syslog messages (RFC 5424), and handing them to a receiver over TLS, TCP, UDP or a unix socket.

Syslog has no acknowledgement. Over a stream a batch counts as handed on once the receiver has closed its
side after ours: it read to the end then, since a receiver that goes away with bytes unread resets the
connection. Over TLS its close_notify is asked for (RFC 5425, 4.4), which nobody between can forge. What
is not handed on is sent again; a record that comes twice has the same number.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from provisioning.refusal import Refusal

FACILITY = 13
"""Log audit (RFC 5424, 6.2.1)."""
NOTICE, WARNING = 5, 4
WARNINGS = re.compile(r"refused|denied|withheld|blocked|crossed|locked|malformed|broken|ended|stopped")
"""Kinds that say that something was stopped."""
PORTS = {"tls": 6514, "tcp": 514, "udp": 514}
"""RFC 5425, 4.1; RFC 6587; RFC 5426, 3.3."""
UNIX = {"unix": socket.SOCK_DGRAM, "unix-stream": socket.SOCK_STREAM}
ENTERPRISE = 32473
"""Of the structured data's name: the number that RFC 5612 keeps for examples. Carrel has none of its own."""
PATIENCE = 15.0
"""Seconds to connect, and without anything passing."""
CHUNK, MOST_ANSWERS = 16 * 1024, 1000
"""Bytes that are read at a time, and reads after which a receiver that answers is none."""
TALKS = "it answers, and a syslog receiver does not"


class ReceiverAway(Refusal):
    """The receiver did not take a batch. All of it may be sent again."""


@dataclass(frozen=True)
class Receiver:
    """Where messages go: ``scheme`` tls, tcp or udp with ``host`` and ``port``, or unix sockets' ``path``.

    ``ca`` (PEM) verifies a TLS receiver, the system's authorities where it is empty; ``certificate`` and
    ``key`` (PEM) are this sender's own, where the receiver asks for them.
    """

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
    plain_end: bool = False
    """Whether a TLS receiver may end by closing the TCP connection alone, as rsyslog's gtls driver does."""

    @property
    def address(self) -> str:
        """Its name in the registry and in messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{self.path or f'{host}:{self.port}'}"


def receiver(
    address: str, ca: str = "", certificate: str = "", key: str = "", *, plain_end: bool = False
) -> Receiver:
    """Such as ``tls://logs.example:6514``, ``tcp://``, ``udp://``, ``unix:///dev/log``, ``unix-stream://``.

    Raises `Refusal`.
    """
    wrong = Refusal(
        "{address} names no syslog receiver: write tls://HOST:PORT, tcp://HOST:PORT, udp://HOST:PORT, "
        "unix:///PATH or unix-stream:///PATH.",
        address=address[:200],
    )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    extra = parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme in UNIX and parts.path.startswith("/") and not parts.netloc and not extra:
        return Receiver(parts.scheme, path=unquote(parts.path))
    if (
        parts.scheme not in PORTS
        or not parts.hostname
        or parts.path.strip("/")
        or extra
        or len(address) > 150
    ):
        raise wrong
    for file in (ca, certificate, key):
        if file and not Path(file).is_file():
            raise Refusal("The file {file} does not exist, which the syslog receiver needs.", file=file)
    if parts.scheme != "tls" and (ca or certificate or key):
        raise Refusal("Certificates go with a tls:// receiver, not with {address}.", address=address)
    where = parts.scheme, parts.hostname, port or PORTS[parts.scheme]
    return Receiver(*where, "", ca, certificate, key, plain_end)


def message(line: Mapping[str, Any], host: str) -> bytes:
    """One line of `reading.lines` as RFC 5424 writes it.

    The text is the line as JSON in ASCII, so that no two receivers read it in two encodings; what
    `chain.FIELDS` name gives its hash in canonical form. Number, hash and id are structured data too.
    """
    severity = WARNING if WARNINGS.search(line["kind"]) else NOTICE
    data = {"number": line["number"], "hash": line["hash"], "project": line["project"], "user": line["user"]}
    structured = " ".join(f'{name}="{_escaped(str(value))}"' for name, value in data.items() if value)
    text = json.dumps(line, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    head = f"<{FACILITY * 8 + severity}>1 {line['received']} {_name(host, 255)} carrel {line['source']}"
    return f"{head} {_name(line['kind'], 32)} [carrel@{ENTERPRISE} {structured}] {text}".encode()


def _name(text: str, longest: int) -> str:
    return re.sub(r"[^\x21-\x7e]", "-", text)[:longest] or "-"


def _escaped(value: str) -> str:
    return re.sub(r'(["\\\]])', r"\\\1", value)


def send(to: Receiver, messages: Iterable[bytes], patience: float = PATIENCE) -> None:
    """Hand a batch to the receiver; returns once it has it, as far as that can be known.

    Over UDP and a unix datagram socket nothing can be known but that a receiver was there. Raises
    `ReceiverAway`.
    """
    try:
        if to.scheme in ("udp", "unix"):
            _datagrams(to, messages, patience)
        else:
            _stream(to, messages, patience)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ReceiverAway(
            "The syslog receiver {address} does not take records: {reason}. They are kept and sent again.",
            address=to.address,
            reason=said,
        ) from error


def _datagrams(to: Receiver, messages: Iterable[bytes], patience: float) -> None:
    if to.scheme == "unix":
        found: list[Any] = [(socket.AF_UNIX, to.path)]
    else:
        resolved = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_DGRAM)
        found = [(family, address) for family, _, _, _, address in resolved]
    family, address = found[0]
    with socket.socket(family, socket.SOCK_DGRAM) as opened:
        opened.settimeout(patience)
        opened.connect(address)
        for each in messages:
            opened.send(each)
        if to.scheme == "udp":
            # A machine that has no receiver says so by ICMP, which the next call tells.
            opened.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                opened.recv(1)


def _stream(to: Receiver, messages: Iterable[bytes], patience: float) -> None:
    with _connected(to, patience) as plain:
        link = _Tls(plain, to) if to.scheme == "tls" else _Plain(plain)
        pending = bytearray()
        for each in messages:
            pending += each + b"\n" if to.scheme == "unix-stream" else b"%d %s" % (len(each), each)
            if len(pending) >= 64 * 1024:
                link.send(pending)
                pending.clear()
        link.send(pending)
        link.end()


@contextmanager
def _connected(to: Receiver, patience: float) -> Iterator[socket.socket]:
    if to.scheme not in UNIX:
        with socket.create_connection((to.host, to.port), timeout=patience) as plain:
            yield plain
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plain:
        plain.settimeout(patience)
        plain.connect(to.path)
        yield plain


class _Plain:
    """A connection without TLS."""

    def __init__(self, plain: socket.socket) -> None:
        self.plain = plain

    def send(self, data: bytearray) -> None:
        self.plain.sendall(data)

    def end(self) -> None:
        """End our side, and wait for the end of the other. Raises OSError for a reset."""
        self.plain.shutdown(socket.SHUT_WR)
        for _ in range(MOST_ANSWERS):
            if not self.plain.recv(CHUNK):
                return
        raise OSError(TALKS)


class _Tls:
    """A connection with TLS, its bytes in our hands.

    `ssl.SSLSocket.unwrap` takes a fatal alert for a close_notify: with TLS 1.3 a receiver that refuses our
    certificate says so only after our handshake is over. Here what it says is read, and told apart.
    """

    def __init__(self, plain: socket.socket, to: Receiver) -> None:
        context = ssl.create_default_context(cafile=to.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if to.certificate:
            context.load_cert_chain(to.certificate, to.key or None)
        self.plain, self.plain_end = plain, to.plain_end
        self.coming, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.coming, self.going, server_hostname=to.host)
        self._done(self.tls.do_handshake)

    def send(self, data: bytearray) -> None:
        view = memoryview(data)
        while view:
            view = view[self.tls.write(view) :]
        self._flush()

    def end(self) -> None:
        """Say close_notify and wait for theirs. Raises OSError (ssl.SSLError is one) for anything else."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.read(CHUNK)  # what came with the handshake, an alert among it
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()  # nothing of theirs is there to be read yet, so this only says ours
        self._flush()
        try:
            for _ in range(MOST_ANSWERS):
                self._done(lambda: self.tls.read(CHUNK))
        except ssl.SSLZeroReturnError:
            # It may have been said before ours was read: then the rest was unread, and TCP is reset.
            _Plain(self.plain).end()
            return
        except ssl.SSLEOFError as error:
            # The end of TCP, and not a reset: whoever is between could have made it, too.
            if self.plain_end:
                return
            raise OSError("it ends TLS without close_notify, which RFC 5425 wants") from error
        raise OSError(TALKS)

    def _done(self, step: Callable[[], Any]) -> None:
        """Carry out ``step``, with what it wants to read."""
        while True:
            try:
                step()
            except ssl.SSLWantReadError:
                self._flush()
                data = self.plain.recv(CHUNK)
                if data:
                    self.coming.write(data)
                else:
                    self.coming.write_eof()
            else:
                self._flush()
                return

    def _flush(self) -> None:
        if self.going.pending:
            self.plain.sendall(self.going.read())
