"""The engine's side: the launcher, the first process of an engine container."""
