// Package dossier writes everything that is held of one person into one ZIP file:
// a page for people (index.html), one document for programs (person.json), a table
// for each part (CSV), and a manifest with the digest of each file.
//
// Rows go from the warehouse into the file one by one, so that it may be of any
// size. What anybody wrote into a source is text in every one of the files: it is
// no markup in the page, no formula in a spreadsheet, and no name of a file.
// Nothing is in it of anybody else, which package person sees to. It writes where
// it is told, never over something, and never changes the warehouse.
//
// Start at Create, then collect.go for what goes into it, and archive.go for how.
package dossier

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/customhouse-cdp/customhouse/adapters"
	"github.com/customhouse-cdp/customhouse/cmd/internal/register"
	"github.com/customhouse-cdp/customhouse/cmd/internal/state"
	"github.com/customhouse-cdp/customhouse/config"
	"github.com/customhouse-cdp/customhouse/models"
	"github.com/customhouse-cdp/customhouse/models/privacy"
	"github.com/customhouse-cdp/customhouse/models/privacy/person"
)

// Schema is the version of person.json, and ManifestSchema that of manifest.json.
const (
	Schema         = "customhouse/person/v1"
	ManifestSchema = "customhouse/person-manifest/v1"
)

// Options say of whom, and from where.
type Options struct {
	Project *config.Project
	// Plan is of the project: who reads what.
	Plan      *models.Plan
	Warehouse *adapters.Warehouse
	// Register is that of the project: what is used for what, who receives it, and how
	// long it is kept.
	Register register.Register
	// Key asks for the key of the digests by which the erased are known, and About for
	// all identifiers that a request knows in clear: for Where alone.
	Key   func(context.Context) (privacy.Key, error)
	About func(*state.PrivacyRequest) ([]state.Identifier, error)
	// Person is as Find gives one. The files of sources are to be readable.
	Person person.Person
	// Portable leaves out what was derived from what the person provided, as Article
	// 20 of the GDPR has it; without it, it is the copy of Article 15.
	Portable bool
	// Request is what the file answers, empty for none.
	Request string
	// Made is when it is made.
	Made time.Time
}

// Summary is what was written.
type Summary struct {
	Parts []Counted
	// Rows are all together; Withheld are those of them with a value that is
	// somebody else's and was left out.
	Rows, Withheld int64
	Bytes          int64
	// Sha256 is the digest of the ZIP.
	Sha256 string
}

// Counted is a part and its rows.
type Counted struct {
	Name string
	Rows int64
}

// Create writes the ZIP to a file that is not there yet, and that only its owner
// may read. Where it fails, nothing is left.
func Create(ctx context.Context, path string, opt Options) (_ Summary, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // where the user says
	if errors.Is(err, os.ErrExist) {
		return Summary{}, fmt.Errorf("%s is there already, and is not written over", path)
	}
	if err != nil {
		return Summary{}, fmt.Errorf("making the file: %w", err)
	}
	defer func() {
		if err != nil {
			// What is half written is of no use; the first error says why.
			_ = os.Remove(path)
		}
	}()
	sum, err := Write(ctx, f, filepath.Dir(path), opt)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return Summary{}, fmt.Errorf("writing %s: %w", path, err)
	}
	return sum, nil
}

// Write writes the ZIP. What is gathered on the way goes to a file without a name
// in the folder aside.
func Write(ctx context.Context, w io.Writer, aside string, opt Options) (Summary, error) {
	sum := sha256.New()
	counted := &counter{to: io.MultiWriter(w, sum)}
	a, err := newArchive(counted, aside, opt)
	if err != nil {
		return Summary{}, err
	}
	c := collector{Options: opt, archive: a}
	err = c.collect(ctx)
	if err == nil {
		err = a.finish()
	}
	if err = errors.Join(err, a.discard()); err != nil {
		return Summary{}, err
	}
	a.sum.Bytes, a.sum.Sha256 = counted.n, hex.EncodeToString(sum.Sum(nil))
	return a.sum, nil
}

// counter counts what is written.
type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}
