package audit

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"strconv"

	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
)

// Report is what was found of a log, customhouse/audit-report/v1.
type Report struct {
	// Entries is how many there are, and Heads how many of the warehouse's were
	// compared.
	Entries int64 `json:"entries"`
	Heads   int   `json:"heads"`
	// Findings are in the order of their places. A log without any is as it was
	// written.
	Findings []Finding `json:"findings"`
}

// Finding is one thing that is not as it was written.
type Finding struct {
	// From and To are the first and the last entry that it is about, by Seq; what is
	// wrong from From on may be a consequence of what is wrong at From.
	From    int64   `json:"from"`
	To      int64   `json:"to"`
	Problem Problem `json:"problem"`
	Message string  `json:"message"`
}

// Problem is what is wrong with entries.
type Problem string

// The problems.
const (
	// Changed entries are not as they were written: edited, put in, moved or
	// repeated in place of others.
	Changed Problem = "changed"
	// Missing entries were cut out, or off.
	Missing Problem = "missing"
	// Unlinked is an entry that was written after another one than stands before it.
	Unlinked Problem = "unlinked"
	// BadHead is a head of the log that is not as it was written, and BadCopy one
	// in the warehouse.
	BadHead Problem = "bad-head"
	BadCopy Problem = "bad-copy"
	// Replaced is an entry that is another one than the warehouse knew.
	Replaced Problem = "replaced"
)

// Verify holds each entry against its seal and the one before it, and the end
// against the log's own head and the heads that runs left in the warehouse. It
// reads what is written meanwhile, too, and holds one page in memory at a time.
//
// Whoever has the key can write a log that is whole; so the key is best kept away
// from the state. Whoever can change the warehouse too can remove its heads.
func (l *Log) Verify(ctx context.Context, copies []Head) (Report, error) {
	v := verifier{log: l, sum: hmac.New(sha256.New, l.entries), copies: map[int64][]Head{}}
	for _, h := range copies {
		if !sealed(h.Seal, l.copySeal(h)) {
			v.find(h.Seq, h.Seq, BadCopy, fmt.Sprintf("the head that run %s left in the warehouse is not as it was written", h.RunID))
			continue
		}
		v.report.Heads++
		v.copies[h.Seq] = append(v.copies[h.Seq], h)
	}
	head, err := v.read(ctx)
	if err != nil {
		return v.report, err
	}
	v.end(head)
	slices.SortStableFunc(v.report.Findings, func(a, b Finding) int { return cmp.Compare(a.From, b.From) })
	if v.report.Findings == nil {
		v.report.Findings = []Finding{}
	}
	return v.report, nil
}

type verifier struct {
	log *Log
	// sum is a hash of the key of entries.
	sum    hash.Hash
	report Report
	// copies are heads by their Seq; those of entries that were seen are taken out.
	copies map[int64][]Head
	// last is the last entry, and genuine says that it is as it was written.
	last    state.AuditEntry
	genuine bool
	// run is the index of a finding of changed entries that goes on, -1 for none.
	run int
}

func (v *verifier) find(from, to int64, p Problem, message string) {
	v.report.Findings = append(v.report.Findings, Finding{from, to, p, message})
}

// read goes through the entries until there are as many as the head says, or no
// more after the head has said so: others may add to the log meanwhile.
func (v *verifier) read(ctx context.Context) (head state.AuditHead, err error) {
	v.run, v.genuine = -1, true
	after := int64(state.AuditFirst)
	for first := true; ; first = false {
		gained := false
		for e, err := range v.log.store.AuditEntries(ctx, after) {
			if err != nil {
				return head, err
			}
			v.entry(e)
			after, gained = e.Seq, true
		}
		if !first && !gained {
			return head, nil
		}
		if head, err = v.log.store.AuditHead(ctx); err != nil || head.Seq <= v.last.Seq {
			return head, err
		}
	}
}

func (v *verifier) entry(e state.AuditEntry) {
	v.report.Entries++
	want := v.last.Seq + 1
	genuine := sealed(e.Hash, entrySeal(v.sum, e))
	switch {
	case e.Seq > want:
		v.run = -1
		v.find(want, e.Seq-1, Missing, fmt.Sprintf("%s missing", entries(want, e.Seq-1)))
	case genuine && v.genuine && e.Previous != v.last.Hash:
		v.run = -1
		v.find(e.Seq, e.Seq, Unlinked, fmt.Sprintf("entry %d was written after another one than entry %d", e.Seq, v.last.Seq))
	}
	switch {
	case genuine:
		v.run = -1
	case v.run >= 0:
		f := &v.report.Findings[v.run]
		f.To = e.Seq
		f.Message = changed(f.From, f.To)
	default:
		v.find(e.Seq, e.Seq, Changed, changed(e.Seq, e.Seq))
		v.run = len(v.report.Findings) - 1
	}
	for _, h := range v.copies[e.Seq] {
		// What was changed itself was told.
		if genuine && h.Hash != e.Hash {
			v.find(e.Seq, e.Seq, Replaced, fmt.Sprintf("entry %d is another one than run %s found", e.Seq, h.RunID))
		}
	}
	delete(v.copies, e.Seq)
	v.last, v.genuine = e, genuine
}

// end holds the end of the log against what is known of it.
func (v *verifier) end(head state.AuditHead) {
	last := v.last
	switch {
	case head == state.AuditHead{} && last.Seq > 0:
		v.find(last.Seq, last.Seq, BadHead, "the log has entries, and no head")
	case !v.log.intact(head):
		v.find(last.Seq, last.Seq, BadHead, "the head of the log is not as it was written, or the key is another")
	case head.Seq > last.Seq:
		v.find(last.Seq+1, head.Seq, Missing, fmt.Sprintf("%s missing at the end", entries(last.Seq+1, head.Seq)))
	case head.Seq < last.Seq:
		v.find(head.Seq+1, last.Seq, BadHead, fmt.Sprintf("the head of the log ends with entry %d, and there are more: it is an older one, or %s put in", head.Seq, entries(head.Seq+1, last.Seq)))
	case head.Hash != last.Hash && v.genuine:
		v.find(last.Seq, last.Seq, BadHead, fmt.Sprintf("the last entry, %d, is not the one that the head names", last.Seq))
	}
	// What the warehouse knows beyond the end, once.
	var beyond []int64
	for seq := range v.copies {
		if seq > last.Seq {
			beyond = append(beyond, seq)
		}
	}
	if len(beyond) == 0 {
		return
	}
	most := slices.Max(beyond)
	if head.Seq >= most && v.log.intact(head) {
		return // The log's own head has told.
	}
	v.find(last.Seq+1, most, Missing, fmt.Sprintf("%s missing at the end: run %s left the head of entry %d in the warehouse", entries(last.Seq+1, most), v.copies[most][0].RunID, most))
}

// entries names some entries, with their verb.
func entries(from, to int64) string {
	if from == to {
		return "entry " + strconv.FormatInt(from, 10) + " is"
	}
	return fmt.Sprintf("entries %d to %d are", from, to)
}

func changed(from, to int64) string {
	if from == to {
		return entries(from, to) + " not as it was written"
	}
	return fmt.Sprintf("%s not as they were written: changed, or moved since something was put in or cut out at %d", entries(from, to), from)
}
