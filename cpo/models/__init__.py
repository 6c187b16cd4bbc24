from cpo.models.audit import AuditEntry
from cpo.models.company import CPO, CPOStatus
from cpo.models.driver import Driver
from cpo.models.membership import Membership, Role
from cpo.models.user import User

__all__ = ["CPO", "AuditEntry", "CPOStatus", "Driver", "Membership", "Role", "User"]
