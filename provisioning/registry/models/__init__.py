"""The registry's tables. Names are keys: people say them, folders and containers carry them."""

from provisioning.registry.models.accounts import (
    DUTIES,
    MEMBER_ROLES,
    Account,
    AccountRole,
    AccountStatus,
    Role,
)
from provisioning.registry.models.audit import AuditHead, AuditPosition, AuditRecord, AuditSeal
from provisioning.registry.models.base import Base
from provisioning.registry.models.credentials import Credentials, SignInSession, ThrottledAddress
from provisioning.registry.models.extracts import Extract, ExtractStatus, Grant
from provisioning.registry.models.gate import GateOverride
from provisioning.registry.models.policies import Policy
from provisioning.registry.models.projects import GIB, Membership, Project, ProjectStatus
from provisioning.registry.models.releases import ReleaseFile, ReleaseRequest, ReleaseStatus
from provisioning.registry.models.runs import Run, RunStatus
from provisioning.registry.models.templates import Template, TemplateStatus
from provisioning.registry.models.usage import UsageMeter

__all__ = [
    "DUTIES",
    "GIB",
    "MEMBER_ROLES",
    "Account",
    "AccountRole",
    "AccountStatus",
    "AuditHead",
    "AuditPosition",
    "AuditRecord",
    "AuditSeal",
    "Base",
    "Credentials",
    "Extract",
    "ExtractStatus",
    "GateOverride",
    "Grant",
    "Membership",
    "Policy",
    "Project",
    "ProjectStatus",
    "ReleaseFile",
    "ReleaseRequest",
    "ReleaseStatus",
    "Role",
    "Run",
    "RunStatus",
    "SignInSession",
    "Template",
    "TemplateStatus",
    "ThrottledAddress",
    "UsageMeter",
]
