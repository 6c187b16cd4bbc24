import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# The tables of the ledger, as SQL wants them; Django's state keeps what it reads.
CREATE = """
CREATE TABLE ledger_account (
  id             bigserial PRIMARY KEY,
  code           text NOT NULL,
  owner_type     text NOT NULL DEFAULT '',
  owner_id       text NOT NULL DEFAULT '',
  currency       char(3) NOT NULL DEFAULT 'IDR',
  normal_side    char(1) NOT NULL,
  allow_negative boolean NOT NULL DEFAULT false,
  -- Running totals, moved in the same transaction as the entries by a trigger.
  posted_debit   bigint NOT NULL DEFAULT 0,
  posted_credit  bigint NOT NULL DEFAULT 0,
  version        bigint NOT NULL DEFAULT 0,
  CONSTRAINT ledger_account_is_unique UNIQUE (code, owner_type, owner_id, currency),
  CONSTRAINT ledger_account_normal_side_is_known CHECK (normal_side IN ('D', 'C')),
  CONSTRAINT ledger_account_totals_are_not_negative
    CHECK (posted_debit >= 0 AND posted_credit >= 0),
  CONSTRAINT ledger_account_is_not_overdrawn CHECK (
    allow_negative OR
    (CASE normal_side WHEN 'C' THEN posted_credit - posted_debit
                      ELSE posted_debit - posted_credit END) >= 0)
) WITH (fillfactor = 50);
CREATE TABLE ledger_transaction (
  id              bigserial PRIMARY KEY,
  idempotency_key text NOT NULL CONSTRAINT ledger_transaction_is_booked_once UNIQUE,
  kind            text NOT NULL,
  request_hash    bytea NOT NULL,
  reverses_id     bigint CONSTRAINT ledger_transaction_is_reversed_once UNIQUE
                  REFERENCES ledger_transaction(id),
  effective_at    timestamptz NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The top-level transaction id, not xmin: inside a savepoint xmin is the savepoint's own.
  created_xid     xid8 NOT NULL DEFAULT pg_current_xact_id(),
  metadata        jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ledger_transaction_by_kind ON ledger_transaction (kind, effective_at);
CREATE TABLE ledger_entry (
  id              bigserial PRIMARY KEY,
  transaction_id  bigint NOT NULL REFERENCES ledger_transaction(id),
  account_id      bigint NOT NULL REFERENCES ledger_account(id),
  side            char(1) NOT NULL CONSTRAINT ledger_entry_side_is_known CHECK (side IN ('D', 'C')),
  amount          bigint NOT NULL CONSTRAINT ledger_entry_amount_is_positive CHECK (amount > 0),
  account_version bigint NOT NULL,
  balance_after   bigint NOT NULL,
  CONSTRAINT ledger_entry_has_its_place_in_the_account UNIQUE (account_id, account_version)
);
CREATE INDEX ledger_entry_by_transaction ON ledger_entry (transaction_id);
CREATE TABLE ledger_block (
  id         bigserial PRIMARY KEY,
  item_count int NOT NULL CONSTRAINT ledger_block_is_not_empty CHECK (item_count > 0),
  -- One block follows another: a fork of the chain is refused.
  prev_hash  bytea NOT NULL CONSTRAINT ledger_block_follows_one_block UNIQUE,
  hash       bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Membership is explicit: ids commit out of order, an id range would skip rows.
CREATE TABLE ledger_block_item (
  transaction_id bigint PRIMARY KEY REFERENCES ledger_transaction(id),
  block_id       bigint NOT NULL REFERENCES ledger_block(id)
);
CREATE INDEX ledger_block_item_by_block ON ledger_block_item (block_id);
"""

DROP = """
DROP TABLE ledger_block_item, ledger_block, ledger_entry, ledger_transaction, ledger_account;
"""

STATE = [
    migrations.CreateModel(
        name='LedgerAccount',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('code', models.TextField(verbose_name='account')),
            ('owner_type', models.TextField(blank=True, default='', verbose_name='kind of owner')),
            ('owner_id', models.TextField(blank=True, default='', verbose_name='owner')),
            ('currency', models.CharField(default='IDR', max_length=3, verbose_name='currency')),
            ('normal_side', models.CharField(choices=[('D', 'Debit'), ('C', 'Credit')], max_length=1, verbose_name='normal side')),
            ('allow_negative', models.BooleanField(default=False, verbose_name='may be negative')),
            ('posted_debit', models.BigIntegerField(default=0, verbose_name='debit total')),
            ('posted_credit', models.BigIntegerField(default=0, verbose_name='credit total')),
            ('version', models.BigIntegerField(default=0, verbose_name='number of entries')),
        ],
        options={
            'verbose_name': 'ledger account',
            'verbose_name_plural': 'ledger accounts',
            'db_table': 'ledger_account',
            'ordering': ('code', 'owner_type', 'owner_id', 'currency'),
        },
    ),
    migrations.CreateModel(
        name='LedgerTransaction',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('idempotency_key', models.TextField(verbose_name='key')),
            ('kind', models.TextField(verbose_name='kind')),
            ('request_hash', models.BinaryField()),
            ('effective_at', models.DateTimeField(verbose_name='effective')),
            ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='booked')),
            ('metadata', models.JSONField(default=dict, verbose_name='details')),
            ('reverses', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='payments.ledgertransaction', verbose_name='reverses')),
        ],
        options={
            'verbose_name': 'ledger transaction',
            'verbose_name_plural': 'ledger transactions',
            'db_table': 'ledger_transaction',
            'ordering': ('-id',),
        },
    ),
    migrations.CreateModel(
        name='LedgerEntry',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('side', models.CharField(choices=[('D', 'Debit'), ('C', 'Credit')], max_length=1, verbose_name='side')),
            ('amount', models.BigIntegerField(verbose_name='amount')),
            ('account_version', models.BigIntegerField(verbose_name='number in the account')),
            ('balance_after', models.BigIntegerField(verbose_name='balance after')),
            ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='payments.ledgeraccount', verbose_name='account')),
            ('transaction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='payments.ledgertransaction', verbose_name='transaction')),
        ],
        options={
            'verbose_name': 'ledger entry',
            'verbose_name_plural': 'ledger entries',
            'db_table': 'ledger_entry',
            'ordering': ('-id',),
        },
    ),
    migrations.CreateModel(
        name='LedgerBlock',
        fields=[
            ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ('item_count', models.IntegerField(verbose_name='transactions')),
            ('prev_hash', models.BinaryField(verbose_name='previous hash')),
            ('hash', models.BinaryField(verbose_name='hash')),
            ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='sealed')),
        ],
        options={
            'verbose_name': 'ledger block',
            'verbose_name_plural': 'ledger blocks',
            'db_table': 'ledger_block',
            'ordering': ('-id',),
        },
    ),
    migrations.CreateModel(
        name='LedgerBlockItem',
        fields=[
            ('transaction', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='block_item', serialize=False, to='payments.ledgertransaction', verbose_name='transaction')),
            ('block', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='payments.ledgerblock', verbose_name='block')),
        ],
        options={
            'verbose_name': 'sealed transaction',
            'verbose_name_plural': 'sealed transactions',
            'db_table': 'ledger_block_item',
        },
    ),
]


class Migration(migrations.Migration):
    """Where the books are kept."""

    initial = True

    dependencies = []

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE, DROP)],
            state_operations=STATE,
        ),
    ]
