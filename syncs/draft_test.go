package syncs_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/customhouse-cdp/customhouse/syncs"
)

// TestElements: what is refused leaves no trace between those that are sent, and
// each operation is one or the other.
func TestElements(t *testing.T) {
	chunk := &syncs.Chunk{Ops: []syncs.Op{
		{Kind: syncs.Add, Key: "no"},
		{Kind: syncs.Add, Key: "a"},
		{Kind: syncs.Remove, Key: "b"},
		{Kind: syncs.Add, Key: "other"},
		{Kind: syncs.Add, Key: "c"},
		{Kind: syncs.Add, Key: "much longer"},
	}}
	var draft syncs.Draft
	body, sent := draft.Elements([]byte("["), chunk, chunk.OfKind(syncs.Add), syncs.AtMost(8, "Acme", func(b []byte, op *syncs.Op) ([]byte, error) {
		b = syncs.AppendJSONString(b, op.Key)
		switch op.Key {
		case "no":
			return b, &syncs.Refusal{Code: syncs.NoIdentifier, Message: "nobody"}
		case "other":
			return b, errors.New("something else")
		}
		return b, nil
	}))
	if diff := cmp.Diff(`["a","c"`, string(body)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{1, 4}, sent); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]syncs.Rejection{
		{Op: 0, Code: syncs.NoIdentifier, Message: "nobody"},
		{Op: 3, Code: syncs.BadValue, Message: "something else"},
		{Op: 5, Code: syncs.TooLong, Message: "the row takes more than the 8 bytes that Acme permits"},
	}, draft.Rejections); diff != "" {
		t.Error(diff)
	}
	bring, leave := chunk.Sides()
	if diff := cmp.Diff([][]int{{0, 1, 3, 4, 5}, {2}}, [][]int{bring, leave}); diff != "" {
		t.Error(diff)
	}
}

// TestFirst: the best identifier that has a text is the one.
func TestFirst(t *testing.T) {
	schema := syncs.Schema{Fields: []syncs.Field{{Name: "email", Type: syncs.String}, {Name: "age", Type: syncs.Int}, {Name: "id", Type: syncs.Int}}}
	places := schema.Places("id", "phone", "email")
	if diff := cmp.Diff([]int{2, 0}, places); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		values     []any
		name, text string
	}{
		{[]any{"a@b.example", int64(3), int64(7)}, "id", "7"},
		{[]any{"a@b.example", int64(3), nil}, "email", "a@b.example"},
		{[]any{" \t", int64(3), nil}, "", ""},
	} {
		if name, text := schema.First(places, test.values); name != test.name || text != test.text {
			t.Errorf("%v: got %q of %q, want %q of %q", test.values, text, name, test.text, test.name)
		}
	}
	op := syncs.Op{Values: []any{"x"}}
	if got := []any{op.At(schema.At("email")), op.At(schema.At("phone")), (&syncs.Op{}).At(0)}; !cmp.Equal([]any{"x", nil, nil}, got) {
		t.Errorf("got %v", got)
	}
}
