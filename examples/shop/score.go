package shop

import "fmt"

// Score is a query of one row that compares an identity table, with the
// columns identifier_type, identifier and customer_id, with the truth, with
// the columns identifier_type, identifier and person: truth.parquet. Both are
// given as SQL: a qualified name, or a call such as read_parquet('...').
//
// It counts pairs of identifiers. A pair is right where both belong to one
// person. Its columns:
//
//   - identifiers: how many the truth knows.
//   - true_pairs: the pairs that belong together.
//   - found_pairs: the pairs that the identity table puts together.
//   - right_pairs: the found pairs that are true.
//   - precision: right_pairs / found_pairs, 1 where none was found.
//   - recall: right_pairs / true_pairs, 1 where there is none.
//
// What the truth leaves out, nobody is judged on: an identifier that several
// people really share (a family's mailbox, a public machine) has no right
// owner, and one that never stands beside another in a row (a cookie without a
// login) cannot be joined by anyone. Joining two people by way of a shared
// identifier is still found out, by their other identifiers. An identifier
// that the identity table lacks counts as alone.
func Score(identities, truth string) string {
	return fmt.Sprintf(`WITH judged AS (
    SELECT t.person, i.customer_id
    FROM %s AS t
    LEFT JOIN %s AS i ON i.identifier_type = t.identifier_type AND i.identifier = t.identifier
),
cells AS (SELECT person, customer_id, count(*) AS n FROM judged GROUP BY person, customer_id),
people AS (SELECT sum(n) AS n FROM cells GROUP BY person),
customers AS (SELECT sum(n) AS n FROM cells WHERE customer_id IS NOT NULL GROUP BY customer_id),
counted AS (
    SELECT (SELECT count(*) FROM judged) AS identifiers,
           (SELECT coalesce(sum(n * (n - 1) / 2), 0) FROM people) AS true_pairs,
           (SELECT coalesce(sum(n * (n - 1) / 2), 0) FROM customers) AS found_pairs,
           (SELECT coalesce(sum(n * (n - 1) / 2), 0) FROM cells WHERE customer_id IS NOT NULL) AS right_pairs
)
SELECT identifiers,
       CAST(true_pairs AS BIGINT) AS true_pairs,
       CAST(found_pairs AS BIGINT) AS found_pairs,
       CAST(right_pairs AS BIGINT) AS right_pairs,
       CASE WHEN found_pairs = 0 THEN 1e0 ELSE CAST(right_pairs AS DOUBLE) / found_pairs END AS precision,
       CASE WHEN true_pairs = 0 THEN 1e0 ELSE CAST(right_pairs AS DOUBLE) / true_pairs END AS recall
FROM counted`, truth, identities)
}
