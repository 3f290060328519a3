"""Passwords checked by a directory: OpenLDAP's slapd, started here on free ports with a certificate."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub_config.sign_in import LdapPasswords, RegistryAuthenticator
from provisioning.accounts import credentials, totp
from provisioning.host import slapd
from provisioning.registry import database
from provisioning.registry.columns import utc_now

PASSWORD = "the-directory's-own"
SEARCHER = "searchers-password"
CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
# As careless a directory as there is: an empty password binds as anonymous and says yes.
allow bind_anon_cred bind_anon_dn
database mdb
directory {folder}/data
suffix "dc=hospital,dc=example"
rootdn "cn=root,dc=hospital,dc=example"
rootpw root
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"""
PEOPLE = f"""\
dn: dc=hospital,dc=example
objectClass: domain
dc: hospital

dn: ou=people,dc=hospital,dc=example
objectClass: organizationalUnit
ou: people

dn: uid=li-wei,ou=people,dc=hospital,dc=example
objectClass: inetOrgPerson
uid: li-wei
cn: Li Wei
sn: Li
userPassword: {PASSWORD}

dn: uid=intruder,ou=people,dc=hospital,dc=example
objectClass: inetOrgPerson
uid: intruder
cn: Intruder
sn: I
userPassword: {PASSWORD}

dn: cn=searcher,dc=hospital,dc=example
objectClass: person
cn: searcher
sn: s
userPassword: {SEARCHER}
"""


@dataclass
class Directory:
    folder: Path
    plain: str
    tls: str

    def passwords(self, **options: object) -> LdapPasswords:
        chosen = {
            "url": self.tls,
            "ca_file": str(self.folder / "ca.pem"),
            "dn_template": "uid={name},ou=people,dc=hospital,dc=example",
            **options,
        }
        return LdapPasswords(**chosen)


@pytest.fixture(scope="session")
def directory() -> Iterator[Directory]:
    program = slapd.ensure()
    folder = Path("/tmp") / f"ct-ldap-{time.time_ns()}"
    (folder / "data").mkdir(parents=True)
    certificate(folder)
    (folder / "slapd.conf").write_text(CONFIG.format(folder=folder))
    (folder / "people.ldif").write_text(PEOPLE)
    subprocess.run(
        [Path(program).with_name("slapadd"), "-f", folder / "slapd.conf", "-l", folder / "people.ldif"],
        check=True,
        capture_output=True,
    )
    plain, tls = (f"127.0.0.1:{free_port()}" for _ in range(2))
    process = subprocess.Popen(
        [program, "-d", "0", "-f", folder / "slapd.conf", "-h", f"ldap://{plain} ldaps://{tls}"]
    )
    try:
        answering(plain)
        yield Directory(folder, f"ldap://{plain}", f"ldaps://{tls}")
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def answering(address: str) -> None:
    host, port = address.split(":")
    for _ in range(100):
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("slapd does not answer")


def certificate(folder: Path) -> None:
    """A CA of its own and the server's certificate for 127.0.0.1."""
    now = datetime.datetime.now(datetime.UTC)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def builder(subject: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("test CA"))
        made = made.public_key(public).serial_number(x509.random_serial_number())
        return made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
            now + datetime.timedelta(days=1)
        )

    ca = builder("test CA", ca_key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    server = builder("127.0.0.1", key.public_key()).add_extension(here, False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "server.pem").write_bytes(server.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "server.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    )


@pytest.mark.parametrize("how", ["ldaps", "starttls", "search", "search-as-somebody"])
def test_a_person_binds_with_their_own_password(directory: Directory, how: str, tmp_path: Path) -> None:
    (tmp_path / "searcher").write_text(SEARCHER + "\n")
    search = {"dn_template": "", "search_base": "ou=people,dc=hospital,dc=example"}
    asked = {
        "ldaps": directory.passwords(),
        "starttls": directory.passwords(url=directory.plain),
        "search": directory.passwords(**search),
        "search-as-somebody": directory.passwords(
            **search,
            search_dn="cn=searcher,dc=hospital,dc=example",
            search_password_file=str(tmp_path / "searcher"),
        ),
    }[how]
    assert asked.check("li-wei", PASSWORD)
    assert not asked.check("li-wei", "wrong")
    assert not asked.check("nobody", PASSWORD)


@pytest.mark.parametrize("search", [False, True])
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("li-wei", ""),
        ("", ""),
        ("", PASSWORD),
        ("*", PASSWORD),
        ("li-*", PASSWORD),
        ("li-wei)(uid=*", PASSWORD),
        ("*)(|(uid=*", PASSWORD),
        ("nobody,ou=people", PASSWORD),
        ("x+uid=li-wei", PASSWORD),
        ("li-wei,ou=people,dc=hospital,dc=example\x00", PASSWORD),
        ("li-wei\\", PASSWORD),
        ("intruder,ou=people,dc=hospital,dc=example,uid=li-wei", PASSWORD),
    ],
)
def test_what_is_typed_is_never_part_of_a_name_or_a_filter(
    directory: Directory, name: str, given: str, search: bool
) -> None:
    options = {"dn_template": "", "search_base": "dc=hospital,dc=example"} if search else {}
    assert directory.passwords(**options).check(name, given) is False


def test_a_directory_with_a_strangers_certificate_is_not_asked(
    directory: Directory, tmp_path: Path, caplog
) -> None:
    certificate(tmp_path)
    for url in (directory.tls, directory.plain):
        assert not directory.passwords(url=url, ca_file=str(tmp_path / "ca.pem")).check("li-wei", PASSWORD)
    assert "cannot be asked" in caplog.text
    assert PASSWORD not in caplog.text


def test_a_certificate_for_another_name_is_refused(directory: Directory) -> None:
    by_name = directory.tls.replace("127.0.0.1", "localhost")
    assert not directory.passwords(url=by_name).check("li-wei", PASSWORD)


def test_a_directory_that_is_not_there_says_no_soon(directory: Directory) -> None:
    nowhere = directory.passwords(url=f"ldaps://127.0.0.1:{free_port()}", patience=1.0)
    assert not nowhere.check("li-wei", PASSWORD)


async def test_the_code_stays_ours_and_the_registry_says_who_there_is(
    directory: Directory, registry, secret, password
) -> None:
    authenticator = RegistryAuthenticator()
    authenticator.ldap = directory.passwords()

    async def outcome(name: str, given: str, code: str) -> str:
        return str((await authenticator.attempt(name, given, code, "127.0.0.1")).outcome)

    def code(ahead: int = 0) -> str:
        return pyotp.TOTP(secret).generate_otp(totp.step_of(utc_now()) + ahead)

    assert await outcome("li-wei", PASSWORD, "000000") == "wrong"
    assert await outcome("li-wei", PASSWORD, code()) == "open"
    assert await outcome("li-wei", password, code(1)) == "wrong", "the registry's hash opens nothing"
    assert await outcome("intruder", PASSWORD, code(1)) == "wrong", "the directory's people are no accounts"
    with database.writing(registry) as session:
        credentials.unlock(session, "li-wei")
        credentials.reset_totp(session, "li-wei")
    tried = await authenticator.attempt("li-wei", PASSWORD, "", "127.0.0.1")
    assert (str(tried.outcome), tried.enrolled) == ("open", False)
