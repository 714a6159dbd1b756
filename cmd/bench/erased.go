package main

import (
	"context"
	dbsql "database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/customhouse-cdp/customhouse/models/privacy"
)

// erasedPeople is how many customers of the shop are erased.
const erasedPeople = 1000

// shopKey is the privacy_key of the shop.
const shopKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// listed is an identifier on the list of those who were erased.
type listed struct {
	typ, value string
	number     int64
}

// erasedShop compares runs of the shop with and without a list of people who were
// erased and whose rows are still in the sources: a first run, for which every
// identifier is new, one after the erasures, and the one after that.
func erasedShop(b *bench) error {
	dir, err := b.shop(b.customers)
	if err != nil {
		return err
	}
	var list []listed
	var first, pending, later []float64
	for range b.runs {
		whole, err := b.runOnce(dir)
		if err != nil {
			return err
		}
		if list, err = someCustomers(dir); err != nil {
			return err
		}
		next, err := b.runAgain(dir, time.Hour)
		if err != nil {
			return err
		}
		before, err := customersOf(dir)
		if err != nil {
			return err
		}
		if err := putOnList(filepath.Join(dir, "shop.duckdb"), list, true); err != nil {
			return err
		}
		after, err := b.runAgain(dir, 2*time.Hour)
		if err != nil {
			return err
		}
		if err := areGone(dir, list, before-2*erasedPeople); err != nil {
			return err
		}
		calm, err := b.runAgain(dir, 3*time.Hour)
		if err != nil {
			return err
		}
		if err := emptyShop(dir); err != nil {
			return err
		}
		if err := putOnList(filepath.Join(dir, "shop.duckdb"), list, false); err != nil {
			return err
		}
		without, err := b.runAgain(dir, 0)
		if err != nil {
			return err
		}
		if err := areGone(dir, list, before-2*erasedPeople); err != nil {
			return err
		}
		fmt.Printf("# erased/shop: %d customers, %d erased, CPU seconds: first run %.1f, with a list %.1f; next run %.1f, after the erasures %.1f, and after that %.1f\n",
			b.customers, erasedPeople, seconds(whole), seconds(without), seconds(next), seconds(after), seconds(calm))
		first, pending, later = append(first, seconds(without)/seconds(whole)), append(pending, seconds(after)/seconds(next)), append(later, seconds(calm)/seconds(next))
	}
	size := short(int64(b.customers))
	ratio("erased/first-run-"+size, median(first), 1.15)
	fmt.Printf("FIGURE erased/run-after-erasures-%s %.2f (no bound: what follows from %d people is evaluated anew)\n", size, median(pending), erasedPeople)
	ratio("erased/later-run-"+size, median(later), 1.15)
	return nil
}

// someCustomers are the identifiers of customers all over the shop.
func someCustomers(dir string) (list []listed, err error) {
	err = within(filepath.Join(dir, "shop.duckdb"), func(db *dbsql.DB) (err error) {
		rows, err := db.QueryContext(context.Background(), fmt.Sprintf(`SELECT identifier_type, identifier, number FROM customhouse.customer_identities
			WHERE customer_id IN (SELECT DISTINCT customer_id FROM customhouse.customer_identities WHERE identifier_type = 'user_id' AND customer_id IS NOT NULL
				ORDER BY hash(customer_id), customer_id LIMIT %d) ORDER BY number`, erasedPeople))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var x listed
			if err := rows.Scan(&x.typ, &x.value, &x.number); err != nil {
				return err
			}
			list = append(list, x)
		}
		return rows.Err()
	})
	return list, err
}

// putOnList writes the list down in a warehouse, with the numbers that it knows or
// without.
func putOnList(file string, list []listed, known bool) error {
	secret, err := hex.DecodeString(shopKey)
	if err != nil {
		return err
	}
	key := privacy.NewKey(secret)
	return within(file, func(db *dbsql.DB) error {
		err := script(db, "CREATE SCHEMA IF NOT EXISTS customhouse", `CREATE TABLE IF NOT EXISTS customhouse.privacy_suppressions (
			request VARCHAR, entity VARCHAR, identifier_type VARCHAR, digest VARCHAR, kind VARCHAR, "at" TIMESTAMP, number BIGINT)`, "BEGIN")
		if err != nil {
			return err
		}
		add := func(entity, typ, digest, kind string, number any) error {
			_, err := db.ExecContext(context.Background(), "INSERT INTO customhouse.privacy_suppressions VALUES ('r', ?, ?, ?, ?, TIMESTAMP '2026-01-01', ?)", entity, typ, digest, kind, number)
			return err
		}
		if err := add("", "", key.CheckDigest(), privacy.Check, nil); err != nil {
			return err
		}
		for _, x := range list {
			number := any(nil)
			if known {
				number = x.number
			}
			if err := add("customer", x.typ, key.Digest(x.typ, x.value), privacy.Own, number); err != nil {
				return err
			}
		}
		return script(db, "COMMIT")
	})
}

func customersOf(dir string) (n int64, err error) {
	err = within(filepath.Join(dir, "shop.duckdb"), func(db *dbsql.DB) error {
		return db.QueryRowContext(context.Background(), "SELECT count(DISTINCT customer_id) FROM customhouse.customer_identities").Scan(&n)
	})
	return n, err
}

// areGone is an error where one of the list is there, or too few others are:
// exactness is not a speed. An identifier that was refused beside one of the erased
// was a customer of its own, and goes with the rows.
func areGone(dir string, list []listed, atLeast int64) error {
	return within(filepath.Join(dir, "shop.duckdb"), func(db *dbsql.DB) (err error) {
		known := map[string]bool{}
		for _, x := range list {
			known[x.typ+":"+x.value] = true
		}
		rows, err := db.QueryContext(context.Background(), "SELECT identifier_type || ':' || identifier, customer_id FROM customhouse.customer_identities")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		customers := map[int64]bool{}
		for rows.Next() {
			var who string
			var id dbsql.NullInt64
			if err := rows.Scan(&who, &id); err != nil {
				return err
			}
			if known[who] {
				return errors.New("somebody who was erased is back")
			}
			if id.Valid {
				customers[id.Int64] = true
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if int64(len(customers)) < atLeast {
			return fmt.Errorf("%d customers remain, of at least %d", len(customers), atLeast)
		}
		return nil
	})
}
