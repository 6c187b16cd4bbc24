from django.db import migrations, models

CREATE = """
CREATE SEQUENCE chargers_meterreading_id_seq AS bigint;
CREATE TABLE chargers_meterreading (
    id bigint NOT NULL DEFAULT nextval('chargers_meterreading_id_seq'),
    charger_id bigint NOT NULL,
    connector_number smallint NOT NULL,
    session_id bigint,
    transaction_id bigint,
    measured_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    energy_wh bigint,
    interval_wh bigint,
    power_w integer,
    current_ma integer,
    voltage_mv integer,
    soc_percent smallint,
    temperature_mc integer,
    samples jsonb NOT NULL,
    adjustments jsonb,
    content_hash bytea NOT NULL,
    PRIMARY KEY (id, measured_at)
) PARTITION BY RANGE (measured_at);
ALTER SEQUENCE chargers_meterreading_id_seq OWNED BY chargers_meterreading.id;
-- A resent message meets its first copy, never by the time of its arrival.
CREATE UNIQUE INDEX meter_reading_is_stored_once ON chargers_meterreading
    (charger_id, connector_number, transaction_id, measured_at, content_hash) NULLS NOT DISTINCT;
CREATE INDEX meter_reading_by_session ON chargers_meterreading (session_id, measured_at)
    WHERE session_id IS NOT NULL;
CREATE TABLE chargers_meterreading_default PARTITION OF chargers_meterreading DEFAULT;
"""

DROP = "DROP TABLE chargers_meterreading"


class Migration(migrations.Migration):
    """Readings by month of their own time; absurd clocks go to the default partition."""

    dependencies = [('chargers', '0001_initial')]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE, DROP)],
            state_operations=[
                migrations.CreateModel(
                    name='MeterReading',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('charger_id', models.BigIntegerField(verbose_name='charger')),
                        ('connector_number', models.SmallIntegerField(verbose_name='connector')),
                        ('session_id', models.BigIntegerField(blank=True, null=True, verbose_name='session')),
                        ('transaction_id', models.BigIntegerField(blank=True, null=True, verbose_name='transaction')),
                        ('measured_at', models.DateTimeField(verbose_name='measured')),
                        ('received_at', models.DateTimeField(verbose_name='received')),
                        ('energy_wh', models.BigIntegerField(blank=True, null=True, verbose_name='energy register (Wh)')),
                        ('interval_wh', models.BigIntegerField(blank=True, null=True, verbose_name='energy of the interval (Wh)')),
                        ('power_w', models.IntegerField(blank=True, null=True, verbose_name='power (W)')),
                        ('current_ma', models.IntegerField(blank=True, null=True, verbose_name='current (mA)')),
                        ('voltage_mv', models.IntegerField(blank=True, null=True, verbose_name='voltage (mV)')),
                        ('soc_percent', models.SmallIntegerField(blank=True, null=True, verbose_name='state of charge (%)')),
                        ('temperature_mc', models.IntegerField(blank=True, null=True, verbose_name='temperature (m°C)')),
                        ('samples', models.JSONField(verbose_name='samples')),
                        ('adjustments', models.JSONField(blank=True, null=True, verbose_name='adjustments')),
                        ('content_hash', models.BinaryField()),
                    ],
                    options={
                        'verbose_name': 'meter reading',
                        'verbose_name_plural': 'meter readings',
                        'ordering': ('measured_at', 'id'),
                    },
                ),
            ],
        ),
    ]
