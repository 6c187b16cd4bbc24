import chargers.models.location
import chargers.models.session
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cpo', '0001_initial'),
        ('tariffs', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            'CREATE SEQUENCE charging_transaction_id_seq AS integer START 1',
            'DROP SEQUENCE charging_transaction_id_seq',
        ),
        migrations.CreateModel(
            name='Charger',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('identity', models.CharField(help_text='As in ws://HOST:9000/CHARGER-ID; upper and lower case are the same.', max_length=48, validators=[django.core.validators.RegexValidator('^[^\\s/\\x00][^/\\x00]*$', 'No slash, and no space at the beginning.')], verbose_name='charger id')),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
                ('vendor', models.CharField(blank=True, max_length=64, verbose_name='vendor')),
                ('model', models.CharField(blank=True, max_length=64, verbose_name='model')),
                ('serial_number', models.CharField(blank=True, max_length=64, verbose_name='serial number')),
                ('firmware_version', models.CharField(blank=True, max_length=64, verbose_name='firmware')),
                ('iccid', models.CharField(blank=True, max_length=32, verbose_name='ICCID')),
                ('imsi', models.CharField(blank=True, max_length=32, verbose_name='IMSI')),
                ('max_power_w', models.PositiveIntegerField(default=22000, verbose_name='maximum power (W)')),
                ('registration', models.CharField(choices=[('Accepted', 'Accepted'), ('Pending', 'Pending'), ('Rejected', 'Rejected')], default='Accepted', max_length=16, verbose_name='registration')),
                ('heartbeat_interval_s', models.PositiveIntegerField(blank=True, help_text="Empty: the platform's own.", null=True, verbose_name='heartbeat interval (s)')),
                ('security_profile', models.PositiveSmallIntegerField(default=0, verbose_name='security profile')),
                ('password_digest', models.BinaryField(blank=True, null=True)),
                ('assume_ocpp16', models.BooleanField(default=False, help_text='For chargers that do not send Sec-WebSocket-Protocol.', verbose_name='accept without subprotocol')),
                ('time_zone', models.CharField(blank=True, help_text='For chargers that send local times without an offset. Empty: UTC.', max_length=48, verbose_name='time zone of its clock')),
                ('status', models.CharField(choices=[('Available', 'Available'), ('Unavailable', 'Unavailable'), ('Faulted', 'Faulted')], default='Unavailable', max_length=16, verbose_name='status')),
                ('error_code', models.CharField(default='NoError', max_length=64, verbose_name='error code')),
                ('status_at', models.DateTimeField(blank=True, null=True, verbose_name='status since')),
                ('forced_status', models.CharField(blank=True, choices=[('Available', 'Available'), ('Unavailable', 'Unavailable')], max_length=16, verbose_name='forced status')),
                ('booted_at', models.DateTimeField(blank=True, null=True, verbose_name='last boot')),
                ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='retired')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                ('cpo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chargers', to='cpo.cpo', verbose_name='CPO')),
            ],
            options={
                'verbose_name': 'charger',
                'verbose_name_plural': 'chargers',
                'ordering': ('identity',),
            },
        ),
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('charger', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='presence', serialize=False, to='chargers.charger', verbose_name='charger')),
                ('online', models.BooleanField(default=False, verbose_name='online')),
                ('connection_id', models.UUIDField(blank=True, null=True)),
                ('process', models.CharField(blank=True, max_length=64)),
                ('remote_address', models.CharField(blank=True, max_length=64, verbose_name='address')),
                ('connected_at', models.DateTimeField(blank=True, null=True, verbose_name='connected')),
                ('disconnected_at', models.DateTimeField(blank=True, null=True, verbose_name='disconnected')),
                ('last_seen_at', models.DateTimeField(blank=True, null=True, verbose_name='last seen')),
            ],
            options={
                'verbose_name': 'presence',
                'verbose_name_plural': 'presence',
            },
        ),
        migrations.CreateModel(
            name='Connector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='number')),
                ('standard', models.CharField(default='IEC_62196_T2', help_text='OCPI ConnectorType, such as IEC_62196_T2, IEC_62196_T2_COMBO, CHADEMO.', max_length=32, verbose_name='standard')),
                ('power_type', models.CharField(choices=[('AC_1_PHASE', 'AC, one phase'), ('AC_3_PHASE', 'AC, three phases'), ('DC', 'DC')], default='AC_3_PHASE', max_length=16, verbose_name='power type')),
                ('max_power_w', models.PositiveIntegerField(default=22000, verbose_name='maximum power (W)')),
                ('max_current_a', models.PositiveIntegerField(default=32, verbose_name='maximum current (A)')),
                ('max_voltage_v', models.PositiveIntegerField(default=400, verbose_name='maximum voltage (V)')),
                ('status', models.CharField(choices=[('Unknown', 'Unknown'), ('Available', 'Available'), ('Preparing', 'Preparing'), ('Charging', 'Charging'), ('SuspendedEV', 'Suspended by the car'), ('SuspendedEVSE', 'Suspended by the charger'), ('Finishing', 'Finishing'), ('Reserved', 'Reserved'), ('Unavailable', 'Unavailable'), ('Faulted', 'Faulted')], default='Unknown', max_length=16, verbose_name='status')),
                ('error_code', models.CharField(default='NoError', max_length=64, verbose_name='error code')),
                ('vendor_error_code', models.CharField(blank=True, max_length=64, verbose_name='vendor error code')),
                ('info', models.CharField(blank=True, max_length=255, verbose_name='info')),
                ('status_at', models.DateTimeField(blank=True, help_text="By the charger's clock: a late message must not win over a newer one.", null=True, verbose_name='status since')),
                ('forced_status', models.CharField(blank=True, choices=[('Available', 'Available'), ('Unavailable', 'Unavailable')], max_length=16, verbose_name='forced status')),
                ('charger', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='connectors', to='chargers.charger', verbose_name='charger')),
            ],
            options={
                'verbose_name': 'connector',
                'verbose_name_plural': 'connectors',
                'ordering': ('charger', 'number'),
            },
        ),
        migrations.CreateModel(
            name='ConnectorStatusChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('connector_number', models.PositiveSmallIntegerField(verbose_name='connector')),
                ('status', models.CharField(max_length=16, verbose_name='status')),
                ('error_code', models.CharField(default='NoError', max_length=64, verbose_name='error code')),
                ('vendor_error_code', models.CharField(blank=True, max_length=64, verbose_name='vendor error code')),
                ('info', models.CharField(blank=True, max_length=255, verbose_name='info')),
                ('reported_at', models.DateTimeField(verbose_name='time')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('charger', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='status_changes', to='chargers.charger', verbose_name='charger')),
            ],
            options={
                'verbose_name': 'status change',
                'verbose_name_plural': 'status changes',
                'ordering': ('-reported_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='IdToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=20, verbose_name='token')),
                ('group', models.CharField(blank=True, max_length=20, verbose_name='group (parent id)')),
                ('label', models.CharField(blank=True, max_length=120, verbose_name='label')),
                ('status', models.CharField(choices=[('active', 'Active'), ('blocked', 'Blocked')], default='active', max_length=16, verbose_name='status')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('cpo', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='id_tokens', to='cpo.cpo', verbose_name='CPO')),
                ('driver', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='id_tokens', to='cpo.driver', verbose_name='driver')),
            ],
            options={
                'verbose_name': 'id token',
                'verbose_name_plural': 'id tokens',
                'ordering': ('token',),
            },
        ),
        migrations.CreateModel(
            name='ChargingSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('transaction_id', models.IntegerField(db_default=chargers.models.session.NextTransactionId(), editable=False, unique=True, verbose_name='transaction')),
                ('id_tag', models.CharField(help_text='As the charger sent it, control bytes removed.', max_length=255, verbose_name='id tag')),
                ('authorization', models.CharField(choices=[('Accepted', 'Accepted'), ('Blocked', 'Blocked'), ('Expired', 'Expired'), ('Invalid', 'Invalid'), ('ConcurrentTx', 'Token in use elsewhere')], max_length=16, verbose_name='authorisation')),
                ('status', models.CharField(choices=[('active', 'Charging'), ('awaiting_stop', 'Awaiting its stop'), ('ended', 'Ended')], default='active', max_length=16, verbose_name='status')),
                ('started_at', models.DateTimeField(help_text="By the charger's clock.", verbose_name='started')),
                ('start_received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('stop_received_at', models.DateTimeField(blank=True, null=True)),
                ('stop_reason', models.CharField(blank=True, max_length=32, verbose_name='stop reason')),
                ('stop_id_tag', models.CharField(blank=True, max_length=255, verbose_name='stopped by')),
                ('reservation_id', models.IntegerField(blank=True, null=True)),
                ('meter_start_wh', models.BigIntegerField(verbose_name='meter at start (Wh)')),
                ('meter_last_wh', models.BigIntegerField(verbose_name='latest meter (Wh)')),
                ('meter_stop_wh', models.BigIntegerField(blank=True, null=True, verbose_name='meter at stop (Wh)')),
                ('interval_energy_wh', models.BigIntegerField(default=0, editable=False)),
                ('energy_wh', models.BigIntegerField(default=0, verbose_name='energy (Wh)')),
                ('power_w', models.IntegerField(blank=True, null=True, verbose_name='power (W)')),
                ('soc_percent', models.SmallIntegerField(blank=True, null=True, verbose_name='state of charge (%)')),
                ('last_reading_at', models.DateTimeField(blank=True, null=True, verbose_name='latest reading')),
                ('tariff_snapshot', models.JSONField(blank=True, null=True, verbose_name='price at the start')),
                ('currency', models.CharField(default='IDR', max_length=3, verbose_name='currency')),
                ('cost', models.BigIntegerField(blank=True, null=True, verbose_name='cost')),
                ('billing_status', models.CharField(choices=[('unbilled', 'Not billed yet'), ('billed', 'Billed'), ('held', 'Held for review'), ('not_billable', 'Nothing to bill')], default='unbilled', max_length=16, verbose_name='billing')),
                ('hold_reason', models.CharField(blank=True, max_length=200, verbose_name='why it is held')),
                ('charger', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='chargers.charger', verbose_name='charger')),
                ('cpo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='cpo.cpo', verbose_name='CPO')),
                ('driver', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='cpo.driver', verbose_name='driver')),
                ('tariff_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='tariffs.tariffversion', verbose_name='tariff')),
                ('connector', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='chargers.connector', verbose_name='connector')),
                ('id_token', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='chargers.idtoken', verbose_name='id token')),
            ],
            options={
                'verbose_name': 'charging session',
                'verbose_name_plural': 'charging sessions',
                'ordering': ('-started_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Location',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='address')),
                ('city', models.CharField(blank=True, max_length=80, verbose_name='city')),
                ('province', models.CharField(blank=True, max_length=80, verbose_name='province')),
                ('postal_code', models.CharField(blank=True, max_length=10, verbose_name='postal code')),
                ('country', models.CharField(default='IDN', max_length=3, verbose_name='country (ISO 3166 alpha-3)')),
                ('latitude', models.DecimalField(blank=True, decimal_places=7, max_digits=10, null=True, verbose_name='latitude')),
                ('longitude', models.DecimalField(blank=True, decimal_places=7, max_digits=10, null=True, verbose_name='longitude')),
                ('time_zone', models.CharField(default='Asia/Jakarta', max_length=48, validators=[chargers.models.location.validate_time_zone], verbose_name='time zone')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                ('cpo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='locations', to='cpo.cpo', verbose_name='CPO')),
            ],
            options={
                'verbose_name': 'location',
                'verbose_name_plural': 'locations',
                'ordering': ('name',),
            },
        ),
        migrations.AddField(
            model_name='charger',
            name='location',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='chargers', to='chargers.location', verbose_name='location'),
        ),
        migrations.CreateModel(
            name='OrphanStop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('transaction_id', models.BigIntegerField(verbose_name='transaction')),
                ('id_tag', models.CharField(blank=True, max_length=255, verbose_name='id tag')),
                ('meter_stop_wh', models.BigIntegerField(verbose_name='meter at stop (Wh)')),
                ('ended_at', models.DateTimeField(verbose_name='ended')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('reason', models.CharField(blank=True, max_length=32, verbose_name='stop reason')),
                ('charger', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='orphan_stops', to='chargers.charger', verbose_name='charger')),
                ('session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='chargers.chargingsession', verbose_name='session')),
            ],
            options={
                'verbose_name': 'stop without a session',
                'verbose_name_plural': 'stops without a session',
                'ordering': ('-received_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='SessionStatusChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='time')),
                ('status', models.CharField(choices=[('active', 'Charging'), ('awaiting_stop', 'Awaiting its stop'), ('ended', 'Ended')], max_length=16, verbose_name='status')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='status_changes', to='chargers.chargingsession')),
            ],
            options={
                'verbose_name': 'session status change',
                'verbose_name_plural': 'session status changes',
                'ordering': ('at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='TariffAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateTimeField(verbose_name='valid from')),
                ('valid_to', models.DateTimeField(blank=True, null=True, verbose_name='valid to')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('charger', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tariff_assignments', to='chargers.charger', verbose_name='charger')),
                ('connector', models.ForeignKey(blank=True, help_text='Empty: all connectors of the charger.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='tariff_assignments', to='chargers.connector', verbose_name='connector')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='tariffs.tarifftemplate', verbose_name='tariff')),
            ],
            options={
                'verbose_name': 'tariff assignment',
                'verbose_name_plural': 'tariff assignments',
                'ordering': ('charger', 'connector', 'valid_from'),
            },
        ),
        migrations.CreateModel(
            name='UnknownCharger',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('identity', models.CharField(max_length=255, verbose_name='charger id')),
                ('reason', models.CharField(max_length=64, verbose_name='reason')),
                ('remote_address', models.CharField(blank=True, max_length=64, verbose_name='address')),
                ('subprotocols', models.CharField(blank=True, max_length=200, verbose_name='subprotocols offered')),
                ('attempts', models.PositiveIntegerField(default=1, verbose_name='attempts')),
                ('first_seen_at', models.DateTimeField(verbose_name='first seen')),
                ('last_seen_at', models.DateTimeField(verbose_name='last seen')),
            ],
            options={
                'verbose_name': 'unknown charger',
                'verbose_name_plural': 'unknown chargers',
                'ordering': ('-last_seen_at',),
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('identity'), name='unknown_charger_has_one_row_per_identity')],
            },
        ),
        migrations.CreateModel(
            name='Command',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('action', models.CharField(max_length=64, verbose_name='action')),
                ('payload', models.JSONField(default=dict, verbose_name='payload')),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('sent', 'Sent'), ('answered', 'Answered'), ('failed', 'Refused by an error'), ('timed_out', 'No answer'), ('expired', 'Expired'), ('cancelled', 'Cancelled')], default='queued', max_length=16, verbose_name='status')),
                ('requested_label', models.CharField(max_length=150, verbose_name='who asked')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('deadline_at', models.DateTimeField(verbose_name='deadline')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('message_id', models.CharField(blank=True, max_length=36, verbose_name='message id')),
                ('response', models.JSONField(blank=True, null=True, verbose_name='answer')),
                ('response_status', models.CharField(blank=True, max_length=64, verbose_name="answer's status")),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='error')),
                ('charger', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commands', to='chargers.charger', verbose_name='charger')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by')),
            ],
            options={
                'verbose_name': 'command',
                'verbose_name_plural': 'commands',
                'ordering': ('-created_at',),
                'indexes': [models.Index(fields=['charger', '-created_at'], name='command_by_charger'), models.Index(condition=models.Q(('status', 'queued')), fields=['charger', 'created_at'], name='command_waiting'), models.Index(condition=models.Q(('status__in', ['queued', 'sent'])), fields=['deadline_at'], name='command_open_by_deadline')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'sent', 'answered', 'failed', 'timed_out', 'expired', 'cancelled'])), name='command_status_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='command_that_was_sent_has_a_time')],
            },
        ),
        migrations.AddConstraint(
            model_name='connector',
            constraint=models.UniqueConstraint(fields=('charger', 'number'), name='connector_number_is_unique_on_its_charger'),
        ),
        migrations.AddConstraint(
            model_name='connector',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='connector_numbers_start_at_1'),
        ),
        migrations.AddConstraint(
            model_name='connector',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['Unknown', 'Available', 'Preparing', 'Charging', 'SuspendedEV', 'SuspendedEVSE', 'Finishing', 'Reserved', 'Unavailable', 'Faulted'])), name='connector_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='connector',
            constraint=models.CheckConstraint(condition=models.Q(('power_type__in', ['AC_1_PHASE', 'AC_3_PHASE', 'DC'])), name='connector_power_type_is_known'),
        ),
        migrations.AddConstraint(
            model_name='connector',
            constraint=models.CheckConstraint(condition=models.Q(('forced_status__in', ['Available', 'Unavailable', ''])), name='connector_forced_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='connectorstatuschange',
            constraint=models.UniqueConstraint(fields=('charger', 'connector_number', 'reported_at', 'status', 'error_code'), name='status_change_is_stored_once'),
        ),
        migrations.AddConstraint(
            model_name='idtoken',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('token'), models.F('cpo'), name='id_token_is_unique_in_its_cpo_in_any_case', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='idtoken',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['active', 'blocked'])), name='id_token_status_is_known'),
        ),
        migrations.AddIndex(
            model_name='chargingsession',
            index=models.Index(fields=['cpo', '-started_at'], name='session_by_cpo'),
        ),
        migrations.AddIndex(
            model_name='chargingsession',
            index=models.Index(fields=['charger', '-started_at'], name='session_by_charger'),
        ),
        migrations.AddIndex(
            model_name='chargingsession',
            index=models.Index(fields=['-started_at'], name='session_by_start'),
        ),
        migrations.AddIndex(
            model_name='chargingsession',
            index=models.Index(django.db.models.functions.text.Lower('id_tag'), condition=models.Q(('status', 'active')), name='session_open_by_tag'),
        ),
        migrations.AddIndex(
            model_name='chargingsession',
            index=models.Index(condition=models.Q(('billing_status', 'unbilled'), ('status', 'ended')), fields=['ended_at'], name='session_to_bill'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.UniqueConstraint(models.F('connector'), django.db.models.functions.text.Lower('id_tag'), models.F('started_at'), models.F('meter_start_wh'), name='session_start_is_stored_once'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'active')), fields=('connector',), name='session_one_active_per_connector'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['active', 'awaiting_stop', 'ended'])), name='session_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.CheckConstraint(condition=models.Q(('authorization__in', ['Accepted', 'Blocked', 'Expired', 'Invalid', 'ConcurrentTx'])), name='session_authorization_is_known'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.CheckConstraint(condition=models.Q(('billing_status__in', ['unbilled', 'billed', 'held', 'not_billable'])), name='session_billing_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.CheckConstraint(condition=models.Q(('energy_wh__gte', 0)), name='session_energy_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.CheckConstraint(condition=models.Q(('transaction_id__gte', 1)), name='session_transaction_id_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'ended'), _negated=True), ('ended_at__isnull', False), _connector='OR'), name='session_that_ended_has_an_end'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('billing_status', 'billed'), _negated=True), ('cost__isnull', False), _connector='OR'), name='session_that_is_billed_has_a_cost'),
        ),
        migrations.AddConstraint(
            model_name='chargingsession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('billing_status', 'held'), _negated=True), models.Q(('hold_reason', ''), _negated=True), _connector='OR'), name='session_that_is_held_says_why'),
        ),
        migrations.AddConstraint(
            model_name='location',
            constraint=models.UniqueConstraint(fields=('cpo', 'name'), name='location_name_is_unique_in_its_cpo'),
        ),
        migrations.AddConstraint(
            model_name='location',
            constraint=models.CheckConstraint(condition=models.Q(('latitude__isnull', True), ('latitude__range', (-90, 90)), _connector='OR'), name='location_latitude_is_on_earth'),
        ),
        migrations.AddConstraint(
            model_name='location',
            constraint=models.CheckConstraint(condition=models.Q(('longitude__isnull', True), ('longitude__range', (-180, 180)), _connector='OR'), name='location_longitude_is_on_earth'),
        ),
        migrations.AddConstraint(
            model_name='charger',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('identity'), name='charger_identity_is_unique_in_any_case', violation_error_message='A charger with this id exists.'),
        ),
        migrations.AddConstraint(
            model_name='charger',
            constraint=models.CheckConstraint(condition=models.Q(('registration__in', ['Accepted', 'Pending', 'Rejected'])), name='charger_registration_is_known'),
        ),
        migrations.AddConstraint(
            model_name='charger',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['Available', 'Unavailable', 'Faulted'])), name='charger_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='charger',
            constraint=models.CheckConstraint(condition=models.Q(('forced_status__in', ['Available', 'Unavailable', ''])), name='charger_forced_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='charger',
            constraint=models.CheckConstraint(condition=models.Q(('security_profile__lte', 3)), name='charger_security_profile_is_0_to_3'),
        ),
        migrations.AddConstraint(
            model_name='orphanstop',
            constraint=models.UniqueConstraint(fields=('charger', 'transaction_id', 'ended_at', 'meter_stop_wh'), name='orphan_stop_is_stored_once'),
        ),
        migrations.AddConstraint(
            model_name='tariffassignment',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gt', models.F('valid_from')), _connector='OR'), name='tariff_assignment_ends_after_it_begins'),
        ),
    ]
