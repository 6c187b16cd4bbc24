from cpo.admin.audited import AuditedAdmin
from cpo.admin.companies import CPOAdmin
from cpo.admin.log import AuditEntryAdmin
from cpo.admin.people import DriverAdmin, UserAdmin

__all__ = ["AuditEntryAdmin", "AuditedAdmin", "CPOAdmin", "DriverAdmin", "UserAdmin"]
