import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cpo', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TariffTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('archived_at', models.DateTimeField(blank=True, null=True, verbose_name='archived')),
                ('cpo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tariff_templates', to='cpo.cpo', verbose_name='CPO')),
            ],
            options={
                'verbose_name': 'tariff',
                'verbose_name_plural': 'tariffs',
                'ordering': ('name', 'id'),
            },
        ),
        migrations.CreateModel(
            name='TariffVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('currency', models.CharField(default='IDR', max_length=3, verbose_name='currency')),
                ('tax_included', models.BooleanField(default=False, verbose_name='prices include tax')),
                ('min_price_excl', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True, verbose_name='least price, excluding tax')),
                ('min_price_incl', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True, verbose_name='least price, including tax')),
                ('max_price_excl', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True, verbose_name='highest price, excluding tax')),
                ('max_price_incl', models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True, verbose_name='highest price, including tax')),
                ('free_below_wh', models.PositiveIntegerField(default=1, help_text='A session with less energy costs nothing: a failed start owes no fee.', verbose_name='free below (Wh)')),
                ('valid_from', models.DateTimeField(verbose_name='valid from')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='tariffs.tarifftemplate', verbose_name='tariff')),
            ],
            options={
                'verbose_name': 'tariff version',
                'verbose_name_plural': 'tariff versions',
                'ordering': ('template', '-number'),
            },
        ),
        migrations.CreateModel(
            name='TariffElement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='position')),
                ('start_time', models.TimeField(blank=True, null=True, verbose_name='from time of day')),
                ('end_time', models.TimeField(blank=True, null=True, verbose_name='to time of day')),
                ('start_date', models.DateField(blank=True, null=True, verbose_name='from date')),
                ('end_date', models.DateField(blank=True, null=True, verbose_name='before date')),
                ('days_of_week', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), blank=True, default=list, size=None, verbose_name='days of week (1 = Monday)')),
                ('min_energy_wh', models.PositiveIntegerField(blank=True, null=True, verbose_name='from energy (Wh)')),
                ('max_energy_wh', models.PositiveIntegerField(blank=True, null=True, verbose_name='up to energy (Wh)')),
                ('min_power_w', models.PositiveIntegerField(blank=True, null=True, verbose_name='from power (W)')),
                ('max_power_w', models.PositiveIntegerField(blank=True, null=True, verbose_name='up to power (W)')),
                ('min_current_ma', models.PositiveIntegerField(blank=True, null=True, verbose_name='from current (mA)')),
                ('max_current_ma', models.PositiveIntegerField(blank=True, null=True, verbose_name='up to current (mA)')),
                ('min_duration_s', models.PositiveIntegerField(blank=True, null=True, verbose_name='from duration (s)')),
                ('max_duration_s', models.PositiveIntegerField(blank=True, null=True, verbose_name='up to duration (s)')),
                ('min_idle_s', models.PositiveIntegerField(blank=True, null=True, verbose_name='after idle time (s)')),
                ('reservation', models.CharField(blank=True, choices=[('RESERVATION', 'Reserved time'), ('RESERVATION_EXPIRES', 'A reservation that was not used')], max_length=20, verbose_name='reservation')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='elements', to='tariffs.tariffversion', verbose_name='version')),
            ],
            options={
                'verbose_name': 'tariff element',
                'verbose_name_plural': 'tariff elements',
                'ordering': ('version', 'position'),
            },
        ),
        migrations.CreateModel(
            name='PriceComponent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('ENERGY', 'Energy, per kWh'), ('TIME', 'Charging time, per hour'), ('PARKING_TIME', 'Idle time, per hour'), ('FLAT', 'Per session')], max_length=16, verbose_name='kind')),
                ('price', models.DecimalField(decimal_places=4, max_digits=14, verbose_name='price')),
                ('vat_percent', models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True, verbose_name='VAT (%)')),
                ('step_size', models.PositiveIntegerField(default=0, verbose_name='step (Wh or s)')),
                ('element', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='components', to='tariffs.tariffelement', verbose_name='element')),
            ],
            options={
                'verbose_name': 'price component',
                'verbose_name_plural': 'price components',
                'ordering': ('element', 'id'),
                'constraints': [models.UniqueConstraint(fields=('element', 'kind'), name='price_component_one_of_a_kind_per_element'), models.CheckConstraint(condition=models.Q(('kind__in', ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT'])), name='price_component_kind_is_known'), models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='price_component_price_is_not_negative'), models.CheckConstraint(condition=models.Q(('vat_percent__isnull', True), models.Q(('vat_percent__gte', 0), ('vat_percent__lte', 100)), _connector='OR'), name='price_component_vat_is_a_percentage')],
            },
        ),
        migrations.AddConstraint(
            model_name='tarifftemplate',
            constraint=models.UniqueConstraint(models.F('cpo'), django.db.models.functions.text.Lower('name'), condition=models.Q(('archived_at__isnull', True)), name='tariff_name_is_unique_in_its_cpo', violation_error_message='You have a tariff of this name.'),
        ),
        migrations.AddConstraint(
            model_name='tarifftemplate',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='tariff_has_a_name'),
        ),
        migrations.AddIndex(
            model_name='tariffversion',
            index=models.Index(fields=['template', '-valid_from'], name='tariff_version_in_force'),
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=models.UniqueConstraint(fields=('template', 'number'), name='tariff_version_number_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='tariff_version_number_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=models.CheckConstraint(condition=models.Q(('min_price_excl__isnull', True), ('min_price_excl__gte', 0), _connector='OR'), name='tariff_min_price_excl_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=models.CheckConstraint(condition=models.Q(('min_price_incl__isnull', True), ('min_price_incl__gte', 0), _connector='OR'), name='tariff_min_price_incl_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=models.CheckConstraint(condition=models.Q(('max_price_excl__isnull', True), ('max_price_excl__gte', 0), _connector='OR'), name='tariff_max_price_excl_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='tariffversion',
            constraint=models.CheckConstraint(condition=models.Q(('max_price_incl__isnull', True), ('max_price_incl__gte', 0), _connector='OR'), name='tariff_max_price_incl_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='tariffelement',
            constraint=models.UniqueConstraint(fields=('version', 'position'), name='tariff_element_position_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='tariffelement',
            constraint=models.CheckConstraint(condition=models.Q(('reservation__in', ['RESERVATION', 'RESERVATION_EXPIRES', ''])), name='tariff_element_reservation_is_known'),
        ),
        migrations.AddConstraint(
            model_name='tariffelement',
            constraint=models.CheckConstraint(condition=models.Q(('days_of_week__contained_by', [1, 2, 3, 4, 5, 6, 7])), name='tariff_element_days_are_of_the_week'),
        ),
        migrations.AddConstraint(
            model_name='tariffelement',
            constraint=models.CheckConstraint(condition=models.Q(('start_date__isnull', True), ('end_date__isnull', True), ('end_date__gt', models.F('start_date')), _connector='OR'), name='tariff_element_start_date_is_below_end'),
        ),
        migrations.AddConstraint(
            model_name='tariffelement',
            constraint=models.CheckConstraint(condition=models.Q(('min_energy_wh__isnull', True), ('max_energy_wh__isnull', True), ('max_energy_wh__gt', models.F('min_energy_wh')), _connector='OR'), name='tariff_element_min_energy_wh_is_below_max'),
        ),
        migrations.AddConstraint(
            model_name='tariffelement',
            constraint=models.CheckConstraint(condition=models.Q(('min_power_w__isnull', True), ('max_power_w__isnull', True), ('max_power_w__gt', models.F('min_power_w')), _connector='OR'), name='tariff_element_min_power_w_is_below_max'),
        ),
        migrations.AddConstraint(
            model_name='tariffelement',
            constraint=models.CheckConstraint(condition=models.Q(('min_current_ma__isnull', True), ('max_current_ma__isnull', True), ('max_current_ma__gt', models.F('min_current_ma')), _connector='OR'), name='tariff_element_min_current_ma_is_below_max'),
        ),
        migrations.AddConstraint(
            model_name='tariffelement',
            constraint=models.CheckConstraint(condition=models.Q(('min_duration_s__isnull', True), ('max_duration_s__isnull', True), ('max_duration_s__gt', models.F('min_duration_s')), _connector='OR'), name='tariff_element_min_duration_s_is_below_max'),
        ),
    ]
