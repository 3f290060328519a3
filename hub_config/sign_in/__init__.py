"""Signing in: with an account of the registry, by password and one-time code, OpenID Connect or LDAP."""

from hub_config.sign_in.ldap import LdapPasswords
from hub_config.sign_in.local import RegistryAuthenticator
from hub_config.sign_in.oidc import OidcAuthenticator

__all__ = ["LdapPasswords", "OidcAuthenticator", "RegistryAuthenticator"]
