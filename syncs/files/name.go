package files

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/customhouse-cdp/customhouse/config/diag"
	"github.com/customhouse-cdp/customhouse/syncs"
)

// placeholder is a part of a name that is filled in.
var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

var placeholders = []string{"sync", "object", "run", "date", "time", "year", "month", "day", "part", "ext"}

// checkName looks at the template of names.
func (c *Config) checkName(k checker) {
	bad := func(summary, help string) { k.fail(CodeFileName, summary, help, "file_name") }
	for _, m := range placeholder.FindAllStringSubmatch(c.FileName, -1) {
		if !slices.Contains(placeholders, m[1]) {
			help := "use {" + strings.Join(placeholders, "}, {") + "}"
			if near := diag.Nearest(m[1], placeholders); near != "" {
				help = "did you mean {" + near + "}?"
			}
			bad(fmt.Sprintf("file_name has the placeholder {%s}, which is none", m[1]), help)
			return
		}
	}
	rest := placeholder.ReplaceAllString(c.FileName, "x")
	if strings.ContainsAny(rest, "{}\\\x00\r\n") {
		bad("file_name holds a brace, backslash or line end that stands alone", "use forward slashes, and braces around placeholders only")
		return
	}
	for folder := range strings.SplitSeq(rest, "/") {
		if folder == "" || strings.HasPrefix(folder, ".") || folder != strings.TrimSpace(folder) {
			bad("file_name has a part that is empty or begins with a dot, or a blank at an end", "write it like {sync}/{run}/part-{part}.{ext}")
			return
		}
	}
	if !c.Replace && !c.has("run") && !c.has("time") && !c.has("date") && !c.has("day") {
		bad("file_name is the same in each run", "add {run}, or set replace: true to have one run replace what the last has written")
	}
	if c.Format == Parquet && !c.has("part") {
		bad("Parquet files cannot be appended to, so that file_name needs {part}", "add {part}, as in part-{part}.{ext}")
	}
}

func (c *Config) has(name string) bool { return strings.Contains(c.FileName, "{"+name+"}") }

// own says that the folder of the files is the run's own: no other sync, and no
// other run, has anything in it.
func (c *Config) own() bool {
	folder := path.Dir(c.FileName)
	return strings.Contains(folder, "{run}") && strings.Contains(folder, "{sync}") && !strings.Contains(folder, "{part}")
}

// names are where a chunk's file is published, and the manifest.
func (c *Config) names(chunk syncs.Chunk) (dir, name, manifest string) {
	fill := func(template string) string {
		return placeholder.ReplaceAllStringFunc(template, func(p string) string {
			at := chunk.AsOf.UTC()
			switch strings.Trim(p, "{}") {
			case "sync":
				return chunk.Schema.Sync
			case "object":
				return segment(chunk.Schema.Object)
			case "run":
				return segment(chunk.RunID)
			case "date":
				return at.Format("2006-01-02")
			case "time":
				return at.Format("150405")
			case "year":
				return at.Format("2006")
			case "month":
				return at.Format("01")
			case "day":
				return at.Format("02")
			case "part":
				return fmt.Sprintf("%05d", chunk.Number)
			default:
				return c.extension()
			}
		})
	}
	folder, base := path.Split(c.FileName)
	folder = path.Clean(folder)
	if c.own() {
		return fill(folder), fill(base), "manifest.json"
	}
	// A name of its own, since the folder is not the run's.
	return "", fill(c.FileName), path.Join(fill(strings.ReplaceAll(folder, "{part}", "0")), fill("{sync}-{run}.manifest.json"))
}

// segment makes a text that can be part of a file's name.
func segment(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(s, "_"))
	if s = strings.TrimLeft(s, "."); s == "" {
		return "_"
	}
	return s
}

// extension is what the format and its compression are known by.
func (c *Config) extension() string {
	if c.Format == Parquet {
		return c.Format
	}
	return c.Format + map[string]string{Gzip: ".gz", Zstd: ".zst"}[c.Compress]
}
