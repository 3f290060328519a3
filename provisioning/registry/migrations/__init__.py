"""The registry's migrations, one file a step; `provisioning.registry.database.upgrade` runs them."""
