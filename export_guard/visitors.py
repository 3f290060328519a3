"""Who may use a desk: its owner. Anybody else is refused and put on record, whatever the hub allows.

The hub gives nobody the scope to reach another's desk. Should a site's own configuration do so, for
support, it also has to open the desk (``c.OwnerOnly.admits_others``); each visit is then recorded.
"""

from __future__ import annotations

import os
import time
from typing import Any

from jupyter_server.auth.authorizer import Authorizer
from traitlets import Bool, Float, Unicode

from export_guard.desk import SETTING


class OwnerOnly(Authorizer):
    """Lets the desk's owner do what the policy allows, and nobody else."""

    owner = Unicode(os.environ.get("JUPYTERHUB_USER", ""), config=True, help="The account that the desk is.")
    admits_others = Bool(False, config=True, help="Whether others whom the hub lets in may visit, recorded.")
    recorded_every = Float(60.0, config=True, help="Seconds for which one visitor makes one event.")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._recorded: dict[str, float] = {}

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        """Whether ``user`` is the owner, or may visit."""
        name = str(getattr(user, "username", ""))
        if name and name == self.owner:
            sessions = handler.settings[SETTING].sessions
            if sessions.is_over(user):
                return False
            if action != "read" and handler.request.method != "GET":
                sessions.acted(user)
            return True
        now = time.monotonic()
        if now - self._recorded.get(name, -self.recorded_every) >= self.recorded_every:
            if len(self._recorded) > 1000:
                self._recorded.clear()
            self._recorded[name] = now
            handler.settings[SETTING].emitter.visitor(name=name, admitted=self.admits_others)
        return self.admits_others
