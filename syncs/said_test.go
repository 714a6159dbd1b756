package syncs_test

import (
	"strings"
	"testing"

	"github.com/customhouse-cdp/customhouse/syncs"
)

func TestSaid(t *testing.T) {
	for _, test := range []struct {
		of         func(string) string
		text, want string
	}{
		{syncs.ErrorCode, "INVALID_FIELD", "invalid-field"},
		{syncs.ErrorCode, "InvalidField", "invalid-field"},
		{syncs.ErrorCode, "Member Exists", "member-exists"},
		{syncs.ErrorCode, "not_in_channel", "not-in-channel"},
		{syncs.ErrorCode, " (#100) Bad", "100-bad"},
		{syncs.ErrorCode, "E2Big", "e2-big"},
		{syncs.ErrorCode, "", "refused"},
		{syncs.ErrorCode, "jane@example.com", "refused"},
		{syncs.ErrorCode, "---", "refused"},
		{syncs.ErrorCode, strings.Repeat("x", 81), "refused"},
		{syncs.Word, "INVALID_FIELD.a-1", "INVALID_FIELD.a-1"},
		{syncs.Word, "two words", ""},
		{syncs.Word, "jané", ""},
		{syncs.Word, strings.Repeat("x", 81), ""},
		{syncs.Title, "two words", "two words"},
		{syncs.Title, "jane@example.com", ""},
		{syncs.Title, "a\nb", ""},
		{syncs.Title, "a\xff", "a"},
		{syncs.Quote, strings.Repeat("x", 999) + "é", strings.Repeat("x", 999)},
		{syncs.Quote, "as it is", "as it is"},
	} {
		if got := test.of(test.text); got != test.want {
			t.Errorf("%.20q: got %.20q, want %.20q", test.text, got, test.want)
		}
	}
}
