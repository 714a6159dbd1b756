-- Part two: the customers that break a limit. Only their identifiers are
-- judged again.

CREATE OR REPLACE TABLE clusters ENGINE = Memory AS
SELECT d.n AS n, d.rank AS rank, if(l.root != 0, l.root, d.n) AS c FROM nodes d ANY LEFT JOIN labels l ON l.n = d.n;

CREATE OR REPLACE TABLE broken ENGINE = Memory AS
SELECT k.n AS n, k.rank AS rank, k.n AS c FROM clusters k
WHERE k.c IN (SELECT c FROM clusters GROUP BY c, rank HAVING count() > [1, 5, 5, 3, 200][rank + 1]);

CREATE OR REPLACE TABLE broken_links ENGINE = Memory AS SELECT a, x, t FROM links WHERE a IN (SELECT n FROM broken);

CREATE OR REPLACE TABLE refused (x UInt32) ENGINE = Memory;
