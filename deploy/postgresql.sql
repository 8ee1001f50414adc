-- Two login roles and the database; run once as a superuser: psql -f deploy/postgresql.sql, after changing the passwords.
-- gk_owner owns the tables and migrates; gk_app is what the application signs in as and owns nothing.
CREATE ROLE gk_owner LOGIN PASSWORD 'CHANGE-ME-TOO';
CREATE ROLE gk_app LOGIN PASSWORD 'CHANGE-ME';
CREATE DATABASE gridkeeper OWNER gk_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE gridkeeper FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE gridkeeper TO gk_app;
