from chargers.admin.command_forms.form import CommandForm, zone_note
from chargers.admin.command_forms.kinds import COMMANDS, CommandKind
from chargers.admin.command_forms.raw import AS_IT_IS, RawForm

__all__ = ["AS_IT_IS", "COMMANDS", "CommandForm", "CommandKind", "RawForm", "zone_note"]
