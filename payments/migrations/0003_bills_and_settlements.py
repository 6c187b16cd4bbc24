import django.db.models.deletion
import django.db.models.expressions
import unievp.lib.secrets
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What sessions owe, what the platform keeps of it, and what is paid out."""

    dependencies = [
        ('chargers', '0001_initial'),
        ('cpo', '0001_initial'),
        ('payments', '0002_ledger_guards'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Bill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(default='IDR', max_length=3, verbose_name='currency')),
                ('total', models.BigIntegerField(verbose_name='total')),
                ('tax', models.BigIntegerField(default=0, verbose_name='tax')),
                ('net', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('total'), '-', models.F('tax')), output_field=models.BigIntegerField(), verbose_name='without tax')),
                ('platform_fee', models.BigIntegerField(default=0, verbose_name='platform fee')),
                ('cpo_share', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('total'), '-', models.F('tax')), '-', models.F('platform_fee')), output_field=models.BigIntegerField(), verbose_name="CPO's share")),
                ('issued_at', models.DateTimeField(verbose_name='issued')),
                ('available_at', models.DateTimeField(blank=True, null=True, verbose_name='available from')),
                ('released_at', models.DateTimeField(blank=True, null=True, verbose_name='released')),
                ('booking', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bill', to='payments.ledgertransaction', verbose_name='booking')),
                ('cpo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bills', to='cpo.cpo', verbose_name='CPO')),
                ('driver', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bills', to='cpo.driver', verbose_name='driver')),
                ('release', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='released_bills', to='payments.ledgertransaction', verbose_name='release')),
                ('session', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='bill', to='chargers.chargingsession', verbose_name='charging session')),
            ],
            options={
                'verbose_name': 'bill',
                'verbose_name_plural': 'bills',
                'ordering': ('-issued_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='BillLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('kind', models.CharField(choices=[('ENERGY', 'Energy'), ('TIME', 'Charging time'), ('PARKING_TIME', 'Idle time'), ('FLAT', 'Session fee'), ('MIN_PRICE', 'Up to the least price'), ('MAX_PRICE', 'Down to the highest price')], max_length=16, verbose_name='kind')),
                ('quantity', models.DecimalField(decimal_places=12, max_digits=24, verbose_name='quantity')),
                ('unit', models.CharField(max_length=8, verbose_name='unit')),
                ('unit_price', models.DecimalField(decimal_places=12, max_digits=24, verbose_name='unit price')),
                ('tax_percent', models.DecimalField(decimal_places=4, default=0, max_digits=7, verbose_name='tax (%)')),
                ('exact_amount', models.DecimalField(decimal_places=12, max_digits=28, verbose_name='exact amount')),
                ('amount', models.BigIntegerField(verbose_name='amount')),
                ('tax', models.BigIntegerField(default=0, verbose_name='tax inside')),
                ('why', models.CharField(blank=True, max_length=200, verbose_name='why')),
                ('bill', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='payments.bill', verbose_name='bill')),
            ],
            options={
                'verbose_name': 'bill line',
                'verbose_name_plural': 'bill lines',
                'ordering': ('bill', 'position'),
            },
        ),
        migrations.CreateModel(
            name='CommissionRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('percent', models.DecimalField(decimal_places=4, default=Decimal('0'), max_digits=7, verbose_name='percent')),
                ('fixed', models.BigIntegerField(default=0, verbose_name='fixed per session')),
                ('valid_from', models.DateTimeField(verbose_name='valid from')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('cpo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commission_rates', to='cpo.cpo', verbose_name='CPO')),
            ],
            options={
                'verbose_name': 'commission rate',
                'verbose_name_plural': 'commission rates',
                'ordering': ('cpo', '-valid_from'),
            },
        ),
        migrations.CreateModel(
            name='Settlement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(default='IDR', max_length=3, verbose_name='currency')),
                ('amount', models.BigIntegerField(verbose_name='amount')),
                ('fee', models.BigIntegerField(default=0, verbose_name='transfer fee')),
                ('status', models.CharField(choices=[('requested', 'Requested'), ('approved', 'Approved'), ('submitting', 'Being submitted'), ('submitted', 'Submitted'), ('processing', 'On its way'), ('paid', 'Paid'), ('rejected', 'Rejected'), ('cancelled', 'Cancelled'), ('failed', 'Failed'), ('reversed', 'Returned by the bank'), ('review', 'In review')], default='requested', max_length=16, verbose_name='status')),
                ('requested_at', models.DateTimeField(verbose_name='requested')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('paid_at', models.DateTimeField(blank=True, null=True, verbose_name='paid')),
                ('bank_code', models.CharField(blank=True, max_length=32, verbose_name='bank')),
                ('bank_account_name', models.CharField(blank=True, max_length=120, verbose_name='account holder')),
                ('bank_account_number', unievp.lib.secrets.EncryptedTextField(blank=True, verbose_name='account number')),
                ('proof', models.TextField(blank=True, verbose_name='proof of the transfer')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('cpo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='settlements', to='cpo.cpo', verbose_name='CPO')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
            ],
            options={
                'verbose_name': 'settlement',
                'verbose_name_plural': 'settlements',
                'ordering': ('-requested_at', '-id'),
            },
        ),
        migrations.CreateModel(
            name='SettlementStatusChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='time')),
                ('status', models.CharField(choices=[('requested', 'Requested'), ('approved', 'Approved'), ('submitting', 'Being submitted'), ('submitted', 'Submitted'), ('processing', 'On its way'), ('paid', 'Paid'), ('rejected', 'Rejected'), ('cancelled', 'Cancelled'), ('failed', 'Failed'), ('reversed', 'Returned by the bank'), ('review', 'In review')], max_length=16, verbose_name='status')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('settlement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='status_changes', to='payments.settlement', verbose_name='settlement')),
            ],
            options={
                'verbose_name': 'settlement status change',
                'verbose_name_plural': 'settlement status changes',
                'ordering': ('at', 'id'),
            },
        ),
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(fields=['-issued_at'], name='bill_by_time'),
        ),
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(fields=['cpo', '-issued_at'], name='bill_by_cpo'),
        ),
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(condition=models.Q(('released_at__isnull', True)), fields=['cpo', 'available_at'], name='bill_to_release'),
        ),
        migrations.AddConstraint(
            model_name='bill',
            constraint=models.CheckConstraint(condition=models.Q(('total__gte', 0)), name='bill_total_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='bill',
            constraint=models.CheckConstraint(condition=models.Q(('tax__gte', 0), ('tax__lte', models.F('total'))), name='bill_tax_is_part_of_the_total'),
        ),
        migrations.AddConstraint(
            model_name='bill',
            constraint=models.CheckConstraint(condition=models.Q(('platform_fee__gte', 0), ('platform_fee__lte', django.db.models.expressions.CombinedExpression(models.F('total'), '-', models.F('tax')))), name='bill_platform_fee_is_part_of_the_net'),
        ),
        migrations.AddConstraint(
            model_name='bill',
            constraint=models.CheckConstraint(condition=models.Q(('release__isnull', True), ('released_at__isnull', False), _connector='OR'), name='bill_that_is_released_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='billline',
            constraint=models.UniqueConstraint(fields=('bill', 'position'), name='bill_line_position_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='billline',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT', 'MIN_PRICE', 'MAX_PRICE'])), name='bill_line_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='billline',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('kind', 'MAX_PRICE'), _connector='OR'), name='bill_line_below_zero_keeps_to_the_highest_price'),
        ),
        migrations.AddConstraint(
            model_name='commissionrate',
            constraint=models.UniqueConstraint(fields=('cpo', 'valid_from'), name='commission_rate_one_per_cpo_and_time'),
        ),
        migrations.AddConstraint(
            model_name='commissionrate',
            constraint=models.CheckConstraint(condition=models.Q(('percent__gte', 0), ('percent__lte', 100)), name='commission_percent_is_a_percentage'),
        ),
        migrations.AddConstraint(
            model_name='commissionrate',
            constraint=models.CheckConstraint(condition=models.Q(('fixed__gte', 0)), name='commission_fixed_is_not_negative'),
        ),
        migrations.AddIndex(
            model_name='settlement',
            index=models.Index(fields=['cpo', '-requested_at'], name='settlement_by_cpo'),
        ),
        migrations.AddIndex(
            model_name='settlement',
            index=models.Index(fields=['status', 'requested_at'], name='settlement_by_status'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['requested', 'approved', 'submitting', 'submitted', 'processing', 'paid', 'rejected', 'cancelled', 'failed', 'reversed', 'review'])), name='settlement_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='settlement_amount_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('fee__gte', 0), ('fee__lt', models.F('amount'))), name='settlement_fee_leaves_something'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['requested', 'approved', 'submitting', 'submitted', 'processing', 'review'])), fields=('cpo',), name='settlement_one_open_per_cpo'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('status__in', ['approved', 'submitting', 'submitted', 'processing']), _negated=True), models.Q(('status__in', ['paid', 'rejected', 'reversed']), _negated=True)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='settlement_that_is_decided_says_by_whom'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['rejected', 'cancelled']), ('decided_by__isnull', True), models.Q(('decided_by', models.F('requested_by')), _negated=True), _connector='OR'), name='settlement_is_approved_by_another_person'),
        ),
        migrations.AddConstraint(
            model_name='settlement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'paid'), _negated=True), ('paid_at__isnull', False), _connector='OR'), name='settlement_that_is_paid_has_a_time'),
        ),
        migrations.AddConstraint(
            model_name='settlementstatuschange',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['requested', 'approved', 'submitting', 'submitted', 'processing', 'paid', 'rejected', 'cancelled', 'failed', 'reversed', 'review'])), name='settlement_status_change_status_is_known'),
        ),
    ]
