-- Activates the FLOAT column `logit` of logits.parquet with a plain DuckDB client, which loads the extension by its path:
--
--   duckdb -unsigned -cmd "LOAD '$(node -p "require('softplus/duckdb').extensionPath")'" -f activate.sql
--
-- In Python: duckdb.connect(config={'allow_unsigned_extensions': True}), then execute() the LOAD and this file.
COPY (SELECT * REPLACE (softplus(logit) AS logit) FROM 'logits.parquet') TO 'activated.parquet' (FORMAT parquet);

-- NULL stays NULL, which avg() leaves out.
SELECT count(*) AS rows, count(logit) AS activated, avg(logit) AS mean, softplus_backend() AS backend
FROM 'activated.parquet';
