"""The stock hub's configuration: JupyterHub and DockerSpawner as they come, told only where they are.

`bench.stock.site` sets the environment that this reads.
"""

import json
import os

c = get_config()  # type: ignore[name-defined]  # noqa: F821

# Where things are: the proxy on this machine alone, the hub on the servers' network.
c.JupyterHub.bind_url = os.environ["STOCK_URL"]
c.JupyterHub.hub_ip = os.environ["STOCK_HUB_IP"]
c.JupyterHub.hub_port = int(os.environ["STOCK_HUB_PORT"])
c.ConfigurableHTTPProxy.api_url = os.environ["STOCK_PROXY_API"]
c.ConfigurableHTTPProxy.command = json.loads(os.environ["STOCK_PROXY_COMMAND"])

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = os.environ["STOCK_PASSWORD"]
c.Authenticator.allowed_users = set(json.loads(os.environ["STOCK_USERS"]))

c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image = os.environ["STOCK_IMAGE"]
c.DockerSpawner.prefix = os.environ["STOCK_NAME"]
c.DockerSpawner.network_name = os.environ["STOCK_NAME"]
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.extra_create_kwargs = {"labels": json.loads(os.environ["STOCK_LABELS"])}
c.DockerSpawner.volumes = json.loads(os.environ["STOCK_VOLUMES"])
