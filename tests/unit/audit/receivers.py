"""Syslog receivers on real sockets, which read what comes as a log server does."""

from __future__ import annotations

import contextlib
import datetime
import re
import socket
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MESSAGE = re.compile(
    rb"<(?P<pri>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<proc>\S+) (?P<kind>\S+) "
    rb'\[carrel@32473 number="(?P<number>\d+)" (?P<data>(?:\w+="(?:[^"\\\]]|\\["\\\]])*" ?)*)\] (?P<text>\{.*\})'
)
"""RFC 5424, 6: what Carrel writes of it."""


def octet_counted(data: bytes) -> tuple[list[bytes], bytes]:
    """Frames of RFC 5425, 4.3: MSG-LEN SP SYSLOG-MSG; and what is left of half a one."""
    frames = []
    while found := re.match(rb"([1-9]\d{0,5}) ", data):
        end = found.end() + int(found[1])
        if len(data) < end:
            break
        frames.append(data[found.end() : end])
        data = data[end:]
    return frames, data


@dataclass
class Listener:
    """Takes connections, one at a time, and keeps each message that came whole.

    ``leave_after`` bytes it closes a connection with the rest unread, as a server that is killed does;
    ``says_goodbye`` False is one that ends TLS without close_notify.
    """

    socket: socket.socket
    context: ssl.SSLContext | None = None
    lines: bool = False
    leave_after: int | None = None
    says_goodbye: bool = True
    messages: list[bytes] = field(default_factory=list)
    left_over: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection, contextlib.suppress(OSError):
                self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        if self.context is not None:
            connection = self.context.wrap_socket(connection, server_side=True)
        data, read = b"", 0
        while chunk := connection.recv(1024):
            data += chunk
            read += len(chunk)
            if self.lines:
                *frames, data = data.split(b"\n")
            else:
                frames, data = octet_counted(data)
            self.messages += frames
            if self.leave_after is not None and read >= self.leave_after:
                if isinstance(connection, ssl.SSLSocket) and self.says_goodbye:
                    connection.setblocking(False)
                    with contextlib.suppress(OSError):
                        connection.unwrap()
                connection.close()
                return
        self.left_over.append(data)
        if isinstance(connection, ssl.SSLSocket) and self.says_goodbye:
            connection.unwrap()
        connection.close()

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)


def tcp(**options: object) -> tuple[Listener, int]:
    listening = socket.create_server(("127.0.0.1", 0))
    return Listener(listening, **options), listening.getsockname()[1]


@dataclass
class Datagrams:
    """Takes datagrams until closed."""

    socket: socket.socket
    messages: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.socket.settimeout(0.2)
        self.open = True
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while self.open:
            with contextlib.suppress(TimeoutError):
                self.messages.append(self.socket.recv(65536))

    def close(self) -> None:
        self.open = False
        self.thread.join(10)
        self.socket.close()


def certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A self-signed certificate for ``host``, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{host}.pem", folder / f"{host}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return public, private


def tls_context(folder: Path, host: str, client_ca: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder, host))
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)
    return context
