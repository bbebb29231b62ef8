-- The store's identity, the shop, its people, its catalogue and its stock.

CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE outlet (
  code TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  address TEXT NOT NULL,
  phone TEXT NOT NULL,
  tax_number TEXT
) STRICT;

CREATE TABLE terminal (
  number TEXT NOT NULL PRIMARY KEY CHECK (length(number) = 6),
  state TEXT NOT NULL,
  outlet TEXT REFERENCES outlet (code),
  bound_at_ms INTEGER,
  revoked_at_ms INTEGER
) STRICT;

CREATE TABLE operator (
  number TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  phone TEXT UNIQUE,
  role TEXT NOT NULL,
  pin_hash TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  failed_attempts INTEGER NOT NULL DEFAULT 0 CHECK (failed_attempts >= 0),
  locked_until_ms INTEGER NOT NULL DEFAULT 0,
  language TEXT NOT NULL DEFAULT 'zh_CN'
) STRICT;

CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE enrolment (
  number TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  provider TEXT NOT NULL,
  contact TEXT NOT NULL,
  phone TEXT NOT NULL,
  documents TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(documents)),
  submitted_at_ms INTEGER NOT NULL,
  contacted_at_ms INTEGER,
  documents_ready_at_ms INTEGER,
  applied_at_ms INTEGER,
  decided_at_ms INTEGER,
  reason TEXT
) STRICT;

CREATE TABLE activation (
  id TEXT NOT NULL PRIMARY KEY,
  terminal TEXT NOT NULL REFERENCES terminal (number),
  outlet TEXT NOT NULL REFERENCES outlet (code),
  code_hash TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  used_at_ms INTEGER
) STRICT;
CREATE INDEX activation_terminal ON activation (terminal);

CREATE TABLE vehicle_model (
  model TEXT NOT NULL PRIMARY KEY,
  brand TEXT NOT NULL,
  maker TEXT NOT NULL,
  name TEXT NOT NULL,
  maker_code TEXT NOT NULL,
  list_price_fen INTEGER NOT NULL CHECK (list_price_fen >= 0),
  floor_price_fen INTEGER NOT NULL CHECK (floor_price_fen >= 0),
  ceiling_price_fen INTEGER NOT NULL CHECK (ceiling_price_fen >= floor_price_fen),
  colours TEXT NOT NULL CHECK (json_type(colours) = 'array'),
  certificate TEXT,
  ccc TEXT,
  chemistry TEXT NOT NULL,
  voltage_v INTEGER NOT NULL,
  battery_count INTEGER NOT NULL CHECK (battery_count >= 0),
  edition TEXT NOT NULL
) STRICT;
CREATE INDEX vehicle_model_maker ON vehicle_model (maker_code);

CREATE TABLE battery_model (
  model TEXT NOT NULL PRIMARY KEY,
  maker TEXT NOT NULL,
  name TEXT NOT NULL,
  chemistry TEXT NOT NULL,
  voltage_v INTEGER NOT NULL,
  capacity_ah REAL NOT NULL,
  prefix TEXT NOT NULL,
  ccc TEXT -- '' when there is none, NULL when nobody knows
) STRICT;

CREATE TABLE charger_model (
  code TEXT NOT NULL PRIMARY KEY,
  model TEXT NOT NULL,
  name TEXT NOT NULL,
  chemistry TEXT NOT NULL,
  voltage_v INTEGER NOT NULL,
  ccc TEXT -- '' when there is none, NULL when nobody knows
) STRICT;

CREATE TABLE compatibility (
  vehicle_model TEXT NOT NULL,
  kind TEXT NOT NULL,
  other_model TEXT NOT NULL,
  allowed INTEGER NOT NULL CHECK (allowed IN (0, 1)),
  PRIMARY KEY (vehicle_model, kind, other_model)
) STRICT, WITHOUT ROWID;

CREATE TABLE code_rule (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  regex TEXT NOT NULL,
  example TEXT NOT NULL,
  unit_unique INTEGER NOT NULL CHECK (unit_unique IN (0, 1)),
  severity TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_to TEXT,
  region TEXT NOT NULL DEFAULT '*'
) STRICT;

CREATE TABLE sale_ban (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  valid_to TEXT,
  region TEXT NOT NULL DEFAULT '*',
  condition TEXT NOT NULL CHECK (json_valid(condition)),
  reason TEXT NOT NULL
) STRICT;

CREATE TABLE price_change (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  model TEXT NOT NULL,
  valid_from TEXT NOT NULL,
  list_price_fen INTEGER NOT NULL CHECK (list_price_fen >= 0),
  floor_price_fen INTEGER NOT NULL CHECK (floor_price_fen >= 0),
  ceiling_price_fen INTEGER NOT NULL CHECK (ceiling_price_fen >= floor_price_fen),
  operator TEXT NOT NULL,
  changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX price_change_model ON price_change (kind, model, valid_from);

CREATE TABLE unit (
  code TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  model TEXT NOT NULL,
  state TEXT NOT NULL,
  received_at_ms INTEGER NOT NULL,
  source TEXT
) STRICT;
CREATE INDEX unit_model ON unit (kind, model, state, code);

CREATE TABLE customer (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  phone TEXT NOT NULL UNIQUE,
  division_code TEXT,
  address TEXT,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE points_entry (
  id TEXT NOT NULL PRIMARY KEY,
  customer_id TEXT NOT NULL REFERENCES customer (id),
  document TEXT NOT NULL,
  document_key TEXT NOT NULL,
  points INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  operator TEXT NOT NULL
) STRICT;
CREATE INDEX points_entry_customer ON points_entry (customer_id);
