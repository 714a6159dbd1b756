package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// APIToken is what is known of a token that a caller of the API has: never the
// token itself.
type APIToken struct {
	// ID is the part of the token that is no secret.
	ID string
	// Name is what people call it. Of those that are not revoked it is the only
	// one of its name.
	Name string
	// Hash is the writer's, of the whole token.
	Hash string
	// Scopes are what it may.
	Scopes    []string
	Created   time.Time
	CreatedBy string
	// Expires, Revoked and Used are zero where it does not, is not, and never was.
	Expires   time.Time
	Revoked   time.Time
	RevokedBy string
	Used      time.Time
}

// usedEvery is how exact APIToken.Used is: to write it at each request would cost
// more than the request.
const usedEvery = time.Minute

//nolint:gosec // The names of columns.
const tokenColumns = `id, name, hash, may, created_at, created_by, expires_at, revoked_at, revoked_by, used_at`

// AddAPIToken writes a new token down. The error is an *Error where there is one
// of its name.
func (s *Store) AddAPIToken(ctx context.Context, x APIToken) error {
	return s.within(ctx, "writing a token to", func(tx *sql.Tx) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		// One row that all wait for keeps two of a name from being written at once.
		name := s.name("tokens")
		if _, err := tx.ExecContext(ctx, `INSERT INTO customhouse_leases (name, fence, holder, since, expires_at)
			VALUES ($1, 0, '', 0, 0) ON CONFLICT (name) DO UPDATE SET name = excluded.name`, name); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM customhouse_api_tokens WHERE scope = $1 AND name = $2 AND revoked_at = 0`,
			s.opt.Scope, x.Name).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return &Error{Message: "there is a token " + x.Name, Help: "give this one another name, or revoke that one"}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO customhouse_api_tokens (scope, `+tokenColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', 0)`,
			s.opt.Scope, x.ID, x.Name, x.Hash, strings.Join(x.Scopes, " "), now, x.CreatedBy, micro(x.Expires))
		return err
	})
}

// RevokeAPIToken ends a token; false where no token has the name, or only those
// that were revoked before.
func (s *Store) RevokeAPIToken(ctx context.Context, name, by string) (found bool, err error) {
	err = s.within(ctx, "revoking a token in", func(tx *sql.Tx) error {
		now, err := s.now(ctx, tx)
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `UPDATE customhouse_api_tokens SET revoked_at = $1, revoked_by = $2 WHERE scope = $3 AND name = $4 AND revoked_at = 0`,
			now, by, s.opt.Scope, name)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		found = n > 0
		return err
	})
	return found, err
}

// APITokens are all that there ever were, in the order in which they were made.
func (s *Store) APITokens(ctx context.Context) ([]APIToken, error) {
	return s.apiTokens(ctx, `scope = $1 ORDER BY created_at, id`, s.opt.Scope)
}

// APIToken is the one of an id, and whether there is one.
func (s *Store) APIToken(ctx context.Context, id string) (APIToken, bool, error) {
	list, err := s.apiTokens(ctx, `scope = $1 AND id = $2`, s.opt.Scope, id)
	if err != nil || len(list) == 0 {
		return APIToken{}, false, err
	}
	return list[0], true, nil
}

// HasAPITokens says that a token was ever made, whatever became of it: whoever
// revokes the last one does not open a door.
func (s *Store) HasAPITokens(ctx context.Context) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM customhouse_api_tokens WHERE scope = $1 LIMIT 1) AS t`, s.opt.Scope).Scan(&n)
	return n > 0, s.failed("reading tokens in", err)
}

// UsedAPIToken notes that a token was used, to a minute.
func (s *Store) UsedAPIToken(ctx context.Context, x APIToken, now time.Time) error {
	if now.Sub(x.Used) < usedEvery {
		return nil
	}
	_, err := s.db.ExecContext(ctx, `UPDATE customhouse_api_tokens SET used_at = $1 WHERE scope = $2 AND id = $3 AND used_at < $1`, micro(now), s.opt.Scope, x.ID)
	return s.failed("writing a token to", err)
}

func (s *Store) apiTokens(ctx context.Context, where string, args ...any) (list []APIToken, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT `+tokenColumns+` FROM customhouse_api_tokens WHERE `+where, args...) //nolint:gosec // Conditions are ours.
	if err != nil {
		return nil, s.fail("reading tokens in", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x APIToken
		var may string
		var created, expires, revoked, used int64
		if err := rows.Scan(&x.ID, &x.Name, &x.Hash, &may, &created, &x.CreatedBy, &expires, &revoked, &x.RevokedBy, &used); err != nil {
			return nil, s.fail("reading tokens in", fmt.Errorf("a token: %w", err))
		}
		x.Scopes = strings.Fields(may)
		x.Created, x.Expires, x.Revoked, x.Used = moment(created), moment(expires), moment(revoked), moment(used)
		list = append(list, x)
	}
	return list, s.failed("reading tokens in", rows.Err())
}
