-- Buyback, closings, and the store's own tables.

CREATE TABLE buyback (
  serial TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  terminal TEXT NOT NULL,
  operator TEXT NOT NULL,
  customer_name TEXT,
  customer_phone TEXT,
  customer_address TEXT,
  id_number TEXT,
  consent_version TEXT,
  consent_sha256 TEXT,
  payout_fen INTEGER CHECK (payout_fen >= 0),
  payout_method TEXT,
  photo BLOB,
  signature BLOB,
  forget_after_ms INTEGER,
  received_at_ms INTEGER NOT NULL,
  settled_at_ms INTEGER,
  cancelled_at_ms INTEGER,
  reason TEXT
) STRICT;
CREATE INDEX buyback_open ON buyback (received_at_ms, serial) WHERE state NOT IN ('SETTLED', 'CANCELLED');

CREATE TABLE buyback_item (
  buyback TEXT NOT NULL REFERENCES buyback (serial),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  code TEXT,
  condition TEXT,
  price_fen INTEGER CHECK (price_fen >= 0),
  adjustment_fen INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0 CHECK (cancelled IN (0, 1)),
  publish_online INTEGER NOT NULL DEFAULT 0 CHECK (publish_online IN (0, 1)),
  PRIMARY KEY (buyback, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX buyback_item_code ON buyback_item (code) WHERE code IS NOT NULL;

CREATE TABLE shift (
  serial TEXT NOT NULL PRIMARY KEY,
  terminal TEXT NOT NULL,
  state TEXT NOT NULL,
  operator TEXT NOT NULL,
  float_fen INTEGER NOT NULL CHECK (float_fen >= 0),
  opened_at_ms INTEGER NOT NULL,
  counted_at_ms INTEGER,
  closed_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX shift_open ON shift (terminal) WHERE state <> 'CLOSED';

CREATE TABLE shift_count (
  shift TEXT NOT NULL REFERENCES shift (serial),
  tender TEXT NOT NULL,
  expected_fen INTEGER NOT NULL,
  counted_fen INTEGER NOT NULL,
  PRIMARY KEY (shift, tender)
) STRICT, WITHOUT ROWID;

CREATE TABLE clearing (
  serial TEXT NOT NULL PRIMARY KEY,
  terminal TEXT NOT NULL,
  state TEXT NOT NULL,
  operator TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (json_valid(scope)),
  manifest_sha256 TEXT,
  certificate BLOB,
  certificate_sha256 TEXT,
  previous_sha256 TEXT,
  opened_at_ms INTEGER NOT NULL,
  sealed_at_ms INTEGER,
  row_count INTEGER NOT NULL DEFAULT 0,
  reason TEXT
) STRICT;

CREATE TABLE clearing_row (
  clearing TEXT NOT NULL REFERENCES clearing (serial),
  document TEXT NOT NULL,
  document_key TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (clearing, document, document_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX clearing_row_document ON clearing_row (document, document_key);

CREATE TABLE journal (
  seq INTEGER NOT NULL PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  thing TEXT NOT NULL,
  thing_key TEXT NOT NULL,
  body TEXT NOT NULL,
  grand_total_fen INTEGER NOT NULL CHECK (grand_total_fen >= 0),
  prev TEXT NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  mac TEXT NOT NULL CHECK (length(mac) = 64)
) STRICT;
CREATE INDEX journal_thing ON journal (thing, thing_key, seq);

CREATE TABLE outbox (
  key TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'OPEN',
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at_ms INTEGER NOT NULL,
  last_error TEXT,
  created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (next_at_ms, key) WHERE state = 'OPEN';

CREATE TABLE sequence (
  series TEXT NOT NULL,
  day TEXT NOT NULL,
  last INTEGER NOT NULL CHECK (last > 0),
  PRIMARY KEY (series, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE provider_token (
  provider TEXT NOT NULL PRIMARY KEY,
  token TEXT NOT NULL,
  fetched_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT;
