package state

import "testing"

// Statement runs SQL in a store.
func Statement(t *testing.T, s *Store, text string) {
	t.Helper()
	if _, err := s.db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}
