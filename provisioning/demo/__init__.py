"""The demo site: accounts, projects, two extracts of open data, and a first run (no code here)."""
