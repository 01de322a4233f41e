#!/bin/sh
# Brings the engine's two databases up to the schema of its version; safe to repeat, and run at every upgrade.
set -eu

update() { # DATABASE SCHEMA
  tool="temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user temporal --database $1"
  $tool setup-schema --version 0.0
  $tool update-schema --schema-name "postgresql/v12/$2"
}

update temporal temporal
update temporal_visibility visibility
