"""Passwords checked by a directory (LDAP v3, RFC 4511): a bind as the person, over TLS that is verified.

What is typed never becomes part of a name or a filter unescaped (RFC 4514, RFC 4515), and an empty password
is never sent: a server would take it for an anonymous bind and say yes (RFC 4513, 5.1.2).
"""

from __future__ import annotations

import logging
import math
import ssl

from ldap3 import ANONYMOUS, NONE, SIMPLE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn
from traitlets import Bool, Float, Unicode
from traitlets.config import Configurable

log = logging.getLogger("carrel.sign_in")


class LdapPasswords(Configurable):
    """Checks passwords by binding to a directory. The registry alone says which accounts there are."""

    url = Unicode(config=True, help="ldaps://host:636, or ldap://host:389 which then uses StartTLS.")
    ca_file = Unicode("", config=True, help="The CA's certificates (PEM); empty: the system's.")
    dn_template = Unicode(
        "", config=True, help="A person's DN with {name}, as in uid={name},ou=people,dc=example,dc=org."
    )
    search_base = Unicode("", config=True, help="Where people are searched for, if there is no template.")
    search_filter = Unicode("(uid={name})", config=True, help="The filter that finds a person, with {name}.")
    search_dn = Unicode("", config=True, help="Who searches; empty: anonymously.")
    search_password_file = Unicode("", config=True, help="A file that holds the searcher's password.")
    patience = Float(5.0, min=0.1, config=True, help="Seconds until the directory is given up.")
    unencrypted = Bool(
        False, config=True, help="Whether ldap:// may go without TLS: on a unix socket or a test's loopback."
    )

    def check(self, name: str, password: str) -> bool:
        """Whether the directory lets ``name`` bind with ``password``. It blocks.

        A directory that does not answer says no, and the hub's log says why.
        """
        if not name or not password:
            return False
        try:
            server = self._server()
            person = self._dn(server, name)
            return person is not None and self._binds(server, person, password)
        except (LDAPException, OSError, ValueError) as error:
            log.error("the directory %s cannot be asked: %s", self.url, type(error).__name__)
            return False

    def _server(self) -> Server:
        tls = Tls(
            validate=ssl.CERT_REQUIRED, ca_certs_file=self.ca_file or None, version=ssl.PROTOCOL_TLS_CLIENT
        )
        return Server(self.url, tls=tls, get_info=NONE, connect_timeout=self.patience)

    def _dn(self, server: Server, name: str) -> str | None:
        if self.dn_template:
            return self.dn_template.replace("{name}", escape_rdn(name))
        connection = self._open(server, self.search_dn, self._searchers_password())
        try:
            if not connection.bind():
                raise LDAPException("the searcher may not bind")
            wanted = self.search_filter.replace("{name}", escape_filter_chars(name))
            connection.search(self.search_base, wanted, size_limit=2)
            found = [entry["dn"] for entry in connection.response or () if entry["type"] == "searchResEntry"]
            return found[0] if len(found) == 1 else None
        finally:
            connection.unbind()

    def _searchers_password(self) -> str:
        if not self.search_password_file:
            return ""
        with open(self.search_password_file, encoding="utf-8") as file:
            return file.read().rstrip("\r\n")

    def _binds(self, server: Server, person: str, password: str) -> bool:
        connection = self._open(server, person, password)
        try:
            return bool(connection.bind())
        finally:
            connection.unbind()

    def _open(self, server: Server, dn: str, password: str) -> Connection:
        connection = Connection(
            server,
            user=dn or None,
            password=password or None,
            authentication=SIMPLE if dn else ANONYMOUS,
            receive_timeout=math.ceil(self.patience),
            raise_exceptions=False,
            auto_referrals=False,
        )
        connection.open()
        if not server.ssl and not self.unencrypted and not connection.start_tls():
            raise LDAPException("the directory offers no TLS")
        return connection
