-- Run once by psql as a superuser, on a server that is to hold a registry: roles, database, extensions.
-- The passwords come from the environment; psql 14 or newer.
\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv reader_password READER_PASSWORD

CREATE ROLE quartier_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE quartier_reader LOGIN PASSWORD :'reader_password';
CREATE DATABASE quartier OWNER quartier_owner ENCODING 'UTF8' TEMPLATE template0;
\connect quartier
CREATE EXTENSION postgis;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION unaccent;
CREATE EXTENSION btree_gin;
