-- Sales, payments, invoices, returns and paper.

CREATE TABLE sale (
  id TEXT NOT NULL PRIMARY KEY,
  serial TEXT UNIQUE CHECK (length(serial) = 17),
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  step TEXT NOT NULL DEFAULT 'VEHICLE',
  revision INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0),
  terminal TEXT NOT NULL,
  business_day TEXT,
  operator TEXT NOT NULL,
  opened_at_ms INTEGER NOT NULL,
  ordered_at_ms INTEGER,
  paid_at_ms INTEGER,
  done_at_ms INTEGER,
  cancelled_at_ms INTEGER,
  list_total_fen INTEGER NOT NULL DEFAULT 0,
  total_fen INTEGER CHECK (total_fen >= 0),
  invoice_wish TEXT NOT NULL DEFAULT 'NOW',
  customer_name TEXT,
  customer_phone TEXT,
  customer_phone_last4 TEXT,
  customer_initials TEXT,
  division_code TEXT,
  division_text TEXT,
  address TEXT,
  typed TEXT NOT NULL DEFAULT '{}' CHECK (json_type(typed) = 'object'),
  late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1))
) STRICT;
-- "Listed" sales have a serial and are no draft: what every list of sales shows.
CREATE INDEX sale_newest ON sale (ordered_at_ms, id) WHERE serial IS NOT NULL AND state <> 'DRAFT';
CREATE INDEX sale_by_state ON sale (state, ordered_at_ms, id) WHERE serial IS NOT NULL AND state <> 'DRAFT';
CREATE INDEX sale_by_day ON sale (business_day, ordered_at_ms, id) WHERE serial IS NOT NULL AND state <> 'DRAFT';
CREATE INDEX sale_by_phone ON sale (customer_phone, ordered_at_ms, id);
CREATE INDEX sale_by_last4 ON sale (customer_phone_last4, ordered_at_ms, id);
CREATE INDEX sale_open ON sale (terminal, opened_at_ms, id) WHERE state IN ('DRAFT', 'ORDERED', 'PAID');

-- Names, one token a character, because most Chinese names have two or three and a trigram index misses those.
CREATE VIRTUAL TABLE sale_name USING fts5 (name, sale_id UNINDEXED, tokenize = 'unicode61');

CREATE TABLE sale_line (
  sale_id TEXT NOT NULL REFERENCES sale (id),
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  model TEXT NOT NULL,
  name TEXT NOT NULL,
  colour TEXT,
  list_price_fen INTEGER NOT NULL,
  price_fen INTEGER NOT NULL,
  typed INTEGER NOT NULL DEFAULT 0 CHECK (typed IN (0, 1)),
  pairing TEXT NOT NULL DEFAULT 'KNOWN',
  pairing_reason TEXT,
  PRIMARY KEY (sale_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX sale_line_code ON sale_line (code, sale_id) WHERE code <> '';

CREATE TABLE tender (
  id TEXT NOT NULL PRIMARY KEY,
  sale_id TEXT NOT NULL REFERENCES sale (id),
  revision INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
  settled_at_ms INTEGER
) STRICT;
CREATE INDEX tender_sale ON tender (sale_id, state);

CREATE TABLE sale_link (
  sale_id TEXT NOT NULL REFERENCES sale (id),
  kind TEXT NOT NULL,
  other TEXT NOT NULL,
  other_key TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (sale_id, kind, other_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX sale_link_other ON sale_link (other, other_key);

CREATE TABLE payment_order (
  number TEXT NOT NULL PRIMARY KEY CHECK (length(number) BETWEEN 6 AND 32),
  sale_id TEXT NOT NULL REFERENCES sale (id),
  serial TEXT NOT NULL,
  revision INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt > 0),
  tender_id TEXT NOT NULL REFERENCES tender (id),
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
  request BLOB,
  code TEXT,
  expires_at_ms INTEGER,
  created_at_ms INTEGER NOT NULL,
  sent_at_ms INTEGER,
  provider_number TEXT UNIQUE,
  paid_at_ms INTEGER,
  answer BLOB,
  watch_from_ms INTEGER,
  watches_done INTEGER NOT NULL DEFAULT 0,
  note TEXT,
  UNIQUE (sale_id, attempt)
) STRICT;
CREATE UNIQUE INDEX payment_order_live ON payment_order (sale_id)
  WHERE state IN ('NEW', 'SENT', 'WAITING', 'CLOSING', 'UNKNOWN');
CREATE INDEX payment_order_tender ON payment_order (tender_id);
CREATE INDEX payment_order_late ON payment_order (paid_at_ms) WHERE state = 'PAID_LATE';
CREATE INDEX payment_order_watched ON payment_order (watch_from_ms) WHERE state = 'CLOSED' AND watch_from_ms IS NOT NULL;

CREATE TABLE goods_return (
  serial TEXT NOT NULL PRIMARY KEY,
  sale_id TEXT NOT NULL REFERENCES sale (id),
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  operator TEXT NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen >= 0),
  opened_at_ms INTEGER NOT NULL,
  done_at_ms INTEGER,
  withdrawn_at_ms INTEGER
) STRICT;
CREATE INDEX goods_return_sale ON goods_return (sale_id);

CREATE TABLE return_line (
  return_serial TEXT NOT NULL REFERENCES goods_return (serial),
  position INTEGER NOT NULL,
  amount_fen INTEGER NOT NULL,
  PRIMARY KEY (return_serial, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE refund (
  number TEXT NOT NULL PRIMARY KEY,
  payment_order TEXT NOT NULL REFERENCES payment_order (number),
  return_serial TEXT REFERENCES goods_return (serial),
  state TEXT NOT NULL,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
  reason TEXT NOT NULL,
  operator TEXT NOT NULL,
  request BLOB,
  created_at_ms INTEGER NOT NULL,
  sent_at_ms INTEGER,
  provider_number TEXT UNIQUE,
  done_at_ms INTEGER,
  answer BLOB,
  note TEXT
) STRICT;
CREATE INDEX refund_order ON refund (payment_order);
CREATE INDEX refund_return ON refund (return_serial) WHERE return_serial IS NOT NULL;
CREATE INDEX refund_open ON refund (created_at_ms) WHERE state IN ('NEW', 'SENT', 'ACCEPTED', 'UNKNOWN');

CREATE TABLE invoice (
  number TEXT NOT NULL PRIMARY KEY CHECK (length(number) BETWEEN 1 AND 20),
  sale_id TEXT NOT NULL REFERENCES sale (id),
  serial TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  final INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1)),
  reverses TEXT REFERENCES invoice (number),
  title TEXT NOT NULL,
  tax_number TEXT,
  net_fen INTEGER NOT NULL,
  tax_fen INTEGER NOT NULL,
  total_fen INTEGER NOT NULL,
  remark TEXT NOT NULL DEFAULT '',
  request BLOB,
  created_at_ms INTEGER NOT NULL,
  provider_serial TEXT,
  fiscal_number TEXT UNIQUE,
  issued_at_ms INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at_ms INTEGER,
  reason TEXT,
  CHECK (net_fen + tax_fen = total_fen),
  CHECK (kind <> 'BLUE' OR (total_fen > 0 AND reverses IS NULL)),
  CHECK (kind <> 'RED' OR (total_fen < 0 AND reverses IS NOT NULL))
) STRICT;
CREATE INDEX invoice_sale ON invoice (sale_id);
CREATE INDEX invoice_reverses ON invoice (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX invoice_newest ON invoice (created_at_ms, number);
CREATE INDEX invoice_open ON invoice (state, number)
  WHERE final = 0 AND state NOT IN ('ISSUED', 'WITHDRAWN', 'REFUSED', 'LAPSED');

CREATE TABLE invoice_line (
  invoice TEXT NOT NULL REFERENCES invoice (number),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  tax_code TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  unit TEXT,
  spec TEXT,
  rate_bp INTEGER NOT NULL CHECK (rate_bp >= 0),
  net_fen INTEGER NOT NULL,
  tax_fen INTEGER NOT NULL,
  gross_fen INTEGER NOT NULL,
  PRIMARY KEY (invoice, position),
  CHECK (net_fen + tax_fen = gross_fen)
) STRICT, WITHOUT ROWID;

CREATE TABLE invoice_file (
  invoice TEXT NOT NULL REFERENCES invoice (number),
  format TEXT NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  size INTEGER NOT NULL CHECK (size >= 0),
  stored_at_ms INTEGER NOT NULL,
  PRIMARY KEY (invoice, format)
) STRICT, WITHOUT ROWID;

CREATE TABLE print_job (
  id TEXT NOT NULL PRIMARY KEY,
  document TEXT NOT NULL,
  document_key TEXT NOT NULL,
  copy TEXT,
  kind TEXT NOT NULL,
  copy_no INTEGER NOT NULL DEFAULT 0 CHECK (copy_no >= 0),
  printer TEXT NOT NULL,
  state TEXT NOT NULL,
  tier TEXT,
  payload BLOB,
  sha256 TEXT CHECK (length(sha256) = 64),
  template_version TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  bytes_sent INTEGER NOT NULL DEFAULT 0 CHECK (bytes_sent >= 0),
  queued_at_ms INTEGER NOT NULL,
  claimed_at_ms INTEGER,
  first_byte_at_ms INTEGER,
  sent_at_ms INTEGER,
  confirmed_at_ms INTEGER,
  error TEXT,
  operator TEXT NOT NULL,
  reason TEXT,
  CHECK (kind NOT IN ('ORIGINAL', 'DUPLICATE') OR copy IS NOT NULL),
  CHECK (kind <> 'DUPLICATE' OR (copy_no > 0 AND reason IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX print_job_original ON print_job (document, document_key, copy) WHERE kind = 'ORIGINAL';
CREATE UNIQUE INDEX print_job_duplicate ON print_job (document, document_key, copy, copy_no) WHERE kind = 'DUPLICATE';
CREATE INDEX print_job_document ON print_job (document, document_key, id);
CREATE INDEX print_job_open ON print_job (state, queued_at_ms, id) WHERE state NOT IN ('PRINTED', 'CANCELLED');
