"""JupyterHub's configuration at a Carrel site. Secrets and addresses come from the environment.

An admin's own settings are in ``/etc/carrel/jupyterhub_config.py`` (``var/config/`` on the host), read last.
"""

import os
from pathlib import Path

from hub_config import audit_keeper, portal, roles
from hub_config.project_spawner import ProjectSpawner
from hub_config.sign_in import RegistryAuthenticator
from provisioning.audit.actor import this_process_is
from provisioning.audit.upgrade import upgrade_recorded

c = get_config()  # type: ignore[name-defined]  # noqa: F821

site = os.environ.get("CARREL_SITE", "carrel")
version = os.environ.get("CARREL_VERSION", "0.1.0")

this_process_is("hub")
upgrade_recorded()

# Hub and proxy. The proxy runs on when the hub restarts; its API is a unix socket that only the hub has.
c.JupyterHub.bind_url = "http://0.0.0.0:8000"
c.JupyterHub.hub_bind_url = "http://0.0.0.0:8081"
c.JupyterHub.hub_connect_ip = "hub-control"
c.JupyterHub.db_url = "sqlite:////srv/hub/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "/srv/hub/cookie_secret"  # noqa: S105 (a path)
c.JupyterHub.cleanup_servers = False
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http+unix://%2Frun%2Fcarrel-proxy%2Fapi.sock"
c.ConfigurableHTTPProxy.auth_token = os.environ["CONFIGPROXY_AUTH_TOKEN"]

# Who signs in, and what each may do.
c.JupyterHub.authenticator_class = RegistryAuthenticator
c.JupyterHub.load_roles = roles.load_roles()
c.JupyterHub.services = [portal.service(os.environ["CARREL_PORTAL_TOKEN"])]
c.JupyterHub.admin_access = False
# Prometheus. The role names the service, so it is always there; without a token nobody is it.
c.JupyterHub.authenticate_prometheus = True
c.JupyterHub.services.append(portal.metrics_service(os.environ.get("CARREL_METRICS_TOKEN")))
c.JupyterHub.services.append(audit_keeper.service())

# A server is a project's desk: always named; the one without a name is refused by the spawner.
c.JupyterHub.spawner_class = ProjectSpawner
c.JupyterHub.allow_named_servers = True
c.JupyterHub.default_url = f"{portal.PREFIX}"
c.ProjectSpawner.site = site
c.ProjectSpawner.image = f"carrel/desk:{version}"
c.ProjectSpawner.engine_image = f"carrel/engine-stats:{version}"
c.ProjectSpawner.desk_subnets = os.environ.get("CARREL_DESK_SUBNETS", "10.213.0.0/16")
c.ProjectSpawner.hub_connect_url = "http://hub:8081"
c.ProjectSpawner.cmd = ["python", "-m", "export_guard.start"]
c.ProjectSpawner.default_url = "/lab"
c.ProjectSpawner.use_internal_ip = True
c.ProjectSpawner.http_timeout = 60
c.ProjectSpawner.start_timeout = 120

# Pages in the look and the words of the portal.
c.JupyterHub.template_paths = [str(Path(portal.__file__).parent / "hub_templates")]
c.JupyterHub.logo_file = str(Path(portal.__file__).parent / "static" / "carrel.svg")
c.JupyterHub.tornado_settings = portal.HUB_TORNADO_SETTINGS
c.JupyterHub.template_vars = portal.template_vars

extra = Path("/etc/carrel/jupyterhub_config.py")
if extra.exists():
    load_subconfig(str(extra))  # type: ignore[name-defined]  # noqa: F821
