package register

import (
	"io"
	"strconv"
	"strings"

	"github.com/customhouse-cdp/customhouse/cmd/internal/sheet"
)

// CSV writes the fields, a line each.
func (r *Register) CSV(out io.Writer) error {
	t := sheet.New(out)
	t.Text("kind", "name", "entity", "description", "class", "classified", "because", "from", "purposes", "bases", "recipients", "kept", "owner")
	for _, f := range r.Fields {
		t.Text(f.Kind, f.Name, f.Entity, f.Description, f.Class, strconv.FormatBool(f.Classified), f.Because,
			strings.Join(f.From, "; "), strings.Join(f.Purposes, "; "), strings.Join(f.Bases, "; "), strings.Join(f.Recipients, "; "), f.Kept, f.Owner)
	}
	return t.End()
}
