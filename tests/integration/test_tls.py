"""TLS at the proxy: the real proxy image with the command and the files of docker-compose.tls.yml."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from images.recipe import ROOT, by_name
from provisioning import tls

pytestmark = pytest.mark.docker


@pytest.fixture
def proxy(docker_client, tmp_path: Path, wait_until) -> Iterator[tuple[int, int, Path]]:
    """Ports of HTTPS and HTTP, and the certificate."""
    folder = tmp_path / "tls"
    folder.mkdir()
    tls.make(folder, ["127.0.0.1", "carrel.example"])
    for each in (folder, *folder.iterdir()):
        os.chown(each, 2010, 2010)
    tmp_path.chmod(0o755)
    composed = yaml.safe_load((ROOT / "docker-compose.tls.yml").read_text())["services"]["proxy"]
    container = docker_client.containers.run(
        by_name("proxy").tag,
        [part.replace("${CARREL_PORT:-8000}", "4430") for part in composed["command"]],
        detach=True,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        environment={"CONFIGPROXY_AUTH_TOKEN": "a-token"},
        tmpfs={"/run/carrel-proxy": "uid=2010,mode=0700"},
        volumes={str(folder): {"bind": "/etc/carrel-tls", "mode": "ro"}},
        ports={"8000/tcp": ("127.0.0.1", None), "8080/tcp": ("127.0.0.1", None)},
        labels={"carrel.test": "1"},
    )
    container.reload()
    published = container.attrs["NetworkSettings"]["Ports"]
    secure, plain = (int(published[f"{port}/tcp"][0]["HostPort"]) for port in (8000, 8080))
    wait_until(lambda: _answers(secure), "the proxy answers")
    yield secure, plain, folder / "cert.pem"
    container.remove(force=True, v=True)


def _answers(port: int) -> bool:
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=1) as raw,
            ssl._create_unverified_context().wrap_socket(raw),
        ):
            return True
    except OSError:
        return False


def test_it_speaks_tls_1_2_and_1_3_and_nothing_older(proxy):
    secure, _, certificate = proxy
    context = ssl.create_default_context(cafile=str(certificate))
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = context.maximum_version = version
        with (
            socket.create_connection(("127.0.0.1", secure)) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as wrapped,
        ):
            assert wrapped.version() == version.name.replace("v1_", "v1.")
            assert dict(wrapped.getpeercert()["subjectAltName"]) == {
                "IP Address": "127.0.0.1",
                "DNS": "carrel.example",
            }
    for flag in ("-tls1", "-tls1_1"):
        said = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{secure}", flag, "-cipher", "ALL:@SECLEVEL=0"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode != 0
        assert "Cipher is (NONE)" in said.stdout


def test_plain_http_is_sent_to_https(proxy):
    _, plain, _ = proxy
    connection = http.client.HTTPConnection("127.0.0.1", plain, timeout=5)
    connection.request("GET", "/hub/login?next=x", headers={"Host": f"carrel.example:{plain}"})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (
        301,
        "https://carrel.example:4430/hub/login?next=x",
    )
    connection.close()
