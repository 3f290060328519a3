"""The site file: accounts, projects, members and grants declared in one YAML file."""
