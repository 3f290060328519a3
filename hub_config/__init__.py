"""The hub's side: sign-in, the project spawner, the Docker gate, the portal, and how they are configured."""
