from django.db import migrations, models

CREATE = """
CREATE SEQUENCE chargers_frame_id_seq AS bigint;
CREATE TABLE chargers_frame (
    id bigint NOT NULL DEFAULT nextval('chargers_frame_id_seq'),
    charger_id bigint NOT NULL,
    at timestamptz NOT NULL,
    direction varchar(3) NOT NULL CONSTRAINT frame_direction_is_known CHECK (direction IN ('in', 'out')),
    message_id varchar(64) NOT NULL,
    action varchar(64) NOT NULL,
    request text NOT NULL,
    response text NOT NULL,
    latency_us integer,
    outcome varchar(32) NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
ALTER SEQUENCE chargers_frame_id_seq OWNED BY chargers_frame.id;
CREATE INDEX frame_by_charger ON chargers_frame (charger_id, at);
CREATE TABLE chargers_frame_default PARTITION OF chargers_frame DEFAULT;
"""

DROP = "DROP TABLE chargers_frame"


class Migration(migrations.Migration):
    """The wire log by day of its own time."""

    dependencies = [('chargers', '0002_partitioned_meter_readings')]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE, DROP)],
            state_operations=[
                migrations.CreateModel(
                    name='Frame',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('charger_id', models.BigIntegerField(verbose_name='charger')),
                        ('at', models.DateTimeField(verbose_name='time')),
                        ('direction', models.CharField(choices=[('in', 'from the charger'), ('out', 'to the charger')], max_length=3, verbose_name='direction')),
                        ('message_id', models.CharField(blank=True, max_length=64, verbose_name='message id')),
                        ('action', models.CharField(blank=True, max_length=64, verbose_name='action')),
                        ('request', models.TextField(verbose_name='request')),
                        ('response', models.TextField(blank=True, verbose_name='answer')),
                        ('latency_us', models.IntegerField(blank=True, null=True, verbose_name='latency (µs)')),
                        ('outcome', models.CharField(blank=True, max_length=32, verbose_name='outcome')),
                    ],
                    options={
                        'verbose_name': 'frame',
                        'verbose_name_plural': 'wire log',
                        'ordering': ('-at', '-id'),
                    },
                ),
            ],
        ),
    ]
