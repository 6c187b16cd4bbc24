from django.db import migrations

FORWARDS = """
CREATE TRIGGER foreign_cdr_is_kept_as_it_came
  BEFORE DELETE OR UPDATE OF partner_id, country_code, party_id, ocpi_id, is_credit,
    credit_reference_id, started_at, ended_at, energy_wh, currency, total_excl, total_incl, body,
    last_updated ON ocpi_foreigncdr
  FOR EACH ROW EXECUTE FUNCTION ocpi_forbid_change();
-- What partners' tags charge from now on is owed by their partner.
UPDATE chargers_idtoken AS token SET payer_reference = tag.partner_id::text
  FROM ocpi_roamingtag AS tag WHERE tag.id_token_id = token.id;
"""

BACKWARDS = """
DROP TRIGGER foreign_cdr_is_kept_as_it_came ON ocpi_foreigncdr;
UPDATE chargers_idtoken SET payer_reference = '' WHERE payer_reference <> '';
"""


class Migration(migrations.Migration):
    """A received CDR is evidence; only what we found out about it changes."""

    dependencies = [
        ("ocpi", "0005_what_other_operators_tell"),
        ("chargers", "0029_who_pays_for_a_token"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
