#!/bin/bash
# Run once by the PostgreSQL image on an empty data folder: an account and a database each for ledger and engine.
set -euo pipefail

# psql quotes the passwords itself; on standard input, since -c expands no variables.
psql --username postgres --set ON_ERROR_STOP=1 \
  --set ledger_password="$LEDGER_PASSWORD" --set temporal_password="$TEMPORAL_DATABASE_PASSWORD" <<'SQL'
create role temporal login password :'temporal_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
create role yiyue login password :'ledger_password';
create database yiyue owner yiyue;
-- A settlement bounds its own temporary files.
grant set on parameter temp_file_limit to yiyue;
revoke connect on database temporal, temporal_visibility, yiyue from public;
SQL
