package metrics

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// Write writes the metrics to a file, for the textfile collector of node_exporter:
// beside it first, and then in its place, so that nobody reads half of it. What
// the file has from runs before goes on: counters and histograms are added up,
// and gauges of what this run did not do stay.
func (m *Metrics) Write(file string) (err error) {
	families, err := m.registry.Gather()
	if err != nil {
		return fmt.Errorf("gathering metrics: %w", err)
	}
	before, err := readFamilies(file)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, f := range merge(before, families) {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			return fmt.Errorf("writing metrics: %w", err)
		}
	}
	beside, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(beside.Name()))
		}
	}()
	_, err = beside.Write(text.Bytes())
	// The exporter is another user; nothing in the file is a secret.
	if err = errors.Join(err, beside.Chmod(0o644), beside.Close()); err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	if err := os.Rename(beside.Name(), file); err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	return nil
}

// Check says why Write could not write to a file, without writing to it.
func Check(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return errors.New("it is a folder")
	}
	if _, err := readFamilies(file); err != nil {
		return err
	}
	beside, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return err
	}
	return errors.Join(beside.Close(), os.Remove(beside.Name()))
}

// readFamilies reads a file that Write wrote; none where there is none.
func readFamilies(file string) (map[string]*dto.MetricFamily, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the file that the user names
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading metrics: %s holds something else: %w", file, err)
	}
	return families, nil
}

// merge adds what a run counted to what there was before. What no program knows
// any more is left out, and so is the version of the program before.
func merge(before map[string]*dto.MetricFamily, now []*dto.MetricFamily) []*dto.MetricFamily {
	out := now
	for name, old := range before {
		if !strings.HasPrefix(name, "customhouse_") || name == "customhouse_build_info" {
			continue
		}
		i := slices.IndexFunc(out, func(f *dto.MetricFamily) bool { return f.GetName() == name })
		if i < 0 {
			out = append(out, old)
			continue
		}
		if out[i].GetType() != old.GetType() {
			continue
		}
		for _, x := range old.Metric {
			j := slices.IndexFunc(out[i].Metric, func(y *dto.Metric) bool { return labels(x) == labels(y) })
			if j < 0 {
				out[i].Metric = append(out[i].Metric, x)
				continue
			}
			add(out[i].Metric[j], x)
		}
	}
	for _, f := range out {
		slices.SortFunc(f.Metric, func(a, b *dto.Metric) int { return strings.Compare(labels(a), labels(b)) })
	}
	slices.SortFunc(out, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return out
}

func labels(m *dto.Metric) string {
	var b strings.Builder
	for _, l := range m.Label {
		fmt.Fprintf(&b, "%s=%q,", l.GetName(), l.GetValue())
	}
	return b.String()
}

// add adds a counter or a histogram to another of the same labels; a gauge is what
// it is now.
func add(to, from *dto.Metric) {
	if to.Counter != nil && from.Counter != nil {
		*to.Counter.Value += from.Counter.GetValue()
	}
	h, old := to.Histogram, from.Histogram
	if h == nil || old == nil {
		return
	}
	*h.SampleCount += old.GetSampleCount()
	*h.SampleSum += old.GetSampleSum()
	for _, b := range h.Bucket {
		for _, o := range old.Bucket {
			if o.GetUpperBound() == b.GetUpperBound() {
				*b.CumulativeCount += o.GetCumulativeCount()
			}
		}
	}
}
