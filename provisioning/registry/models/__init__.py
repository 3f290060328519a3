"""The registry's tables. Names are keys: people say them, folders and containers carry them."""

from provisioning.registry.models.accounts import MEMBER_ROLES, Account, AccountStatus, Role
from provisioning.registry.models.base import Base
from provisioning.registry.models.events import Event
from provisioning.registry.models.extracts import Extract, ExtractStatus, Grant
from provisioning.registry.models.gate import GateOverride
from provisioning.registry.models.projects import GIB, Membership, Project, ProjectStatus
from provisioning.registry.models.releases import ReleaseFile, ReleaseRequest, ReleaseStatus
from provisioning.registry.models.runs import Run, RunStatus
from provisioning.registry.models.templates import Template, TemplateStatus

__all__ = [
    "GIB",
    "MEMBER_ROLES",
    "Account",
    "AccountStatus",
    "Base",
    "Event",
    "Extract",
    "ExtractStatus",
    "GateOverride",
    "Grant",
    "Membership",
    "Project",
    "ProjectStatus",
    "ReleaseFile",
    "ReleaseRequest",
    "ReleaseStatus",
    "Role",
    "Run",
    "RunStatus",
    "Template",
    "TemplateStatus",
]
