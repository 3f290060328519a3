"""Signing in: with an account of the registry, by password and one-time code, OpenID Connect or LDAP."""

from hub_config.sign_in.local import RegistryAuthenticator

__all__ = ["RegistryAuthenticator"]
