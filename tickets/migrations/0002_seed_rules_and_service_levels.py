from typing import Any

from django.db import migrations

# kind: after minutes, priority, category, resolves itself
RULES = {
    "connector_faulted": (30, "high", "charger", True),
    "charger_offline": (60, "high", "charger", True),
    "session_stuck": (60, "normal", "session", True),
    "payout_failed": (0, "urgent", "settlement", True),
    "reconciliation_difference": (0, "urgent", "payment", True),
    "security_event": (0, "high", "security", True),
    "roaming_difference": (0, "normal", "roaming", True),
}
# priority: minutes to the first answer, minutes to the solution (business time)
LEVELS = {"low": (960, 4800), "normal": (480, 2400), "high": (120, 960), "urgent": (30, 240)}


def seed(apps: Any, _schema_editor: Any) -> None:
    rule, level = apps.get_model("tickets", "TicketRule"), apps.get_model("tickets", "ServiceLevel")
    for kind, (after, priority, category, self_closing) in RULES.items():
        values = {
            "after_minutes": after,
            "priority": priority,
            "category": category,
            "self_closing": self_closing,
        }
        rule.objects.get_or_create(kind=kind, defaults=values)
    for priority, (answer, resolve) in LEVELS.items():
        values = {"answer_minutes": answer, "resolve_minutes": resolve}
        level.objects.get_or_create(cpo=None, priority=priority, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
