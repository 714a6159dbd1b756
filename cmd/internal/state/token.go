package state

import (
	"context"
	"database/sql"
	"errors"

	"github.com/customhouse-cdp/customhouse/config/secret"
)

// KeepToken writes down the refresh token that a destination gave out in place
// of the one before. origin stands for the credentials that the first one came
// from.
func (s *Store) KeepToken(ctx context.Context, destination, origin string, token secret.Value) error {
	return s.within(ctx, "keeping a token in", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO customhouse_tokens (name, origin, token) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET origin = excluded.origin, token = excluded.token`,
			s.name(destination), origin, token.Reveal())
		return err
	})
}

// Token is the refresh token that was last kept of a destination, absent where
// there is none, or where it came from other credentials: somebody has signed
// in again.
func (s *Store) Token(ctx context.Context, destination, origin string) (token secret.Value, err error) {
	err = s.within(ctx, "reading a token in", func(tx *sql.Tx) error {
		var text string
		err := tx.QueryRowContext(ctx, `SELECT token FROM customhouse_tokens WHERE name = $1 AND origin = $2`, s.name(destination), origin).Scan(&text)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		}
		token = secret.NewValue(text)
		return nil
	})
	return token, err
}
