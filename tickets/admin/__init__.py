from tickets.admin.levels import HolidayAdmin, ServiceLevelAdmin
from tickets.admin.rules import TicketRuleAdmin
from tickets.admin.tickets import TicketAdmin

__all__ = ["HolidayAdmin", "ServiceLevelAdmin", "TicketAdmin", "TicketRuleAdmin"]
