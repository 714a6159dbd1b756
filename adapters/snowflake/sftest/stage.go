package sftest

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// stageAt is where @stage/path is: the stage, and a folder.
func (st *statement) stageAt(location string) (*object, string) {
	s := st.s
	rest := strings.TrimPrefix(location, "@")
	head, path, _ := strings.Cut(rest, "/")
	if path = strings.Trim(path, "/"); strings.Contains(path, "..") {
		panic(compilation(codeSyntax, "42000", "invalid path '%s'", location))
	}
	var folder string
	o := &object{kind: "STAGE", format: map[string]string{}}
	switch {
	case head == "~":
		folder = filepath.Join(s.server.folder, "user_"+s.user)
	case strings.HasPrefix(head, "%"), strings.Contains(head, ".%"):
		n := newParser(strings.Replace(head, "%", "", 1)).qualified()
		t := s.object(n, "TABLE")
		folder = filepath.Join(s.server.folder, "table_"+t.physical)
	default:
		n := newParser(head).qualified()
		found := s.find(n)
		if found == nil || found.kind != "STAGE" {
			panic(compilation(codeMissing, "02000", "Stage '%s' does not exist or not authorized.", n))
		}
		o, folder = found, found.folder
	}
	folder = filepath.Join(folder, filepath.FromSlash(path))
	return o, folder
}

// location reads @stage/path or '@stage/path' out of the statement as written.
func (st *statement) location() string {
	p := st.p
	t := p.peek()
	if t.kind == tokString {
		p.i++
		return t.text
	}
	if t.kind != tokOp || t.text != "@" {
		p.unexpected()
	}
	end := t.start
	quoted := false
	for end < len(st.text) && (quoted || strings.IndexByte(" \t\r\n;()", st.text[end]) < 0) {
		if st.text[end] == '"' {
			quoted = !quoted
		}
		end++
	}
	for p.peek().kind != tokEnd && p.peek().start < end {
		p.i++
	}
	return st.text[t.start:end]
}

var putText = regexp.MustCompile(`(?is)^\s*PUT\s+('file://((?:[^']|'')*)'|file://(\S+))\s+('@[^']*'|@\S+)(.*)$`)

func (st *statement) put() *result {
	m := putText.FindStringSubmatch(st.text)
	if m == nil {
		st.p.i++
		st.p.unexpected()
	}
	source := m[3]
	if m[2] != "" {
		source = strings.ReplaceAll(strings.ReplaceAll(m[2], "''", "'"), `\\`, `\`)
	}
	_, folder := st.stageAt(strings.Trim(m[4], "'"))
	u := &upload{folder: folder, autoCompress: true, parallel: 4}
	o := newParser(m[5])
	for o.peek().kind != tokEnd && !o.isOp(";") {
		i := o.ident()
		o.needOp("=")
		v := o.next()
		switch i.name {
		case "AUTO_COMPRESS":
			u.autoCompress = v.name == "TRUE"
		case "OVERWRITE":
			u.overwrite = v.name == "TRUE"
		case "PARALLEL":
			u.parallel, _ = strconv.Atoi(v.text)
		case "SOURCE_COMPRESSION":
		default:
			o.i -= 3
			o.unexpected()
		}
	}
	st.must(os.MkdirAll(folder, 0o700))
	u.sources = []string{source}
	return &result{typeID: typePut, upload: u}
}

// formatOptions reads (TYPE = CSV SKIP_HEADER = 1 ...).
func (st *statement) formatOptions() map[string]string {
	p := st.p
	p.needOp("(")
	out := map[string]string{}
	for !p.op(")") {
		i := p.ident()
		p.needOp("=")
		switch {
		case p.isOp("("):
			p.i++
			var values []string
			for !p.op(")") {
				if t := p.next(); t.kind == tokString {
					values = append(values, t.text)
				} else if t.kind == tokEnd {
					p.unexpected()
				}
			}
			out[i.name] = strings.Join(values, "\x00")
			if len(values) == 0 {
				out[i.name] = "\x01"
			}
		default:
			t := p.next()
			if t.kind == tokString || t.kind == tokNumber {
				out[i.name] = t.text
			} else {
				out[i.name] = t.name
			}
		}
		p.op(",")
	}
	return out
}

// known options of file formats; others are refused.
var formatKeys = set("TYPE SKIP_HEADER FIELD_DELIMITER FIELD_OPTIONALLY_ENCLOSED_BY NULL_IF EMPTY_FIELD_AS_NULL COMPRESSION STRIP_OUTER_ARRAY PARSE_HEADER ENCODING RECORD_DELIMITER ESCAPE ESCAPE_UNENCLOSED_FIELD BINARY_FORMAT TIMESTAMP_FORMAT DATE_FORMAT TIME_FORMAT USE_LOGICAL_TYPE TRIM_SPACE ERROR_ON_COLUMN_COUNT_MISMATCH USE_VECTORIZED_SCANNER BINARY_AS_TEXT REPLACE_INVALID_CHARACTERS")

func (st *statement) copyInto() *result {
	p := st.p
	p.need("COPY", "INTO")
	if p.isOp("@") || p.peek().kind == tokString {
		panic(cannot("COPY INTO a stage"))
	}
	o := st.s.object(p.qualified(), "TABLE")
	targets := o.columns
	if p.isOp("(") {
		targets = nil
		for _, i := range p.idents() {
			c := o.column(i.name)
			if c == nil {
				panic(compilation(codeIdentifier, "42000", "invalid identifier '%s'", i.shown()))
			}
			targets = append(targets, c)
		}
	}
	p.need("FROM")
	var sel *selectNode
	var stage *object
	var folder string
	if p.op("(") {
		// COPY INTO t FROM (SELECT $1, $2::INT FROM @stage)
		sel = st.transformation()
		stage, folder = st.stageAt(st.location())
		p.word("T")
		p.needOp(")")
	} else {
		stage, folder = st.stageAt(st.location())
	}
	format := maps.Clone(stage.format)
	match, purge, byName, force := "", false, "NONE", false
	var files []string
	for p.peek().kind != tokEnd && !p.isOp(";") {
		i := p.ident()
		switch i.name {
		case "FILE_FORMAT":
			p.needOp("=")
			maps.Copy(format, st.formatOptions())
		case "PATTERN":
			p.needOp("=")
			match = p.string()
		case "FILES":
			p.needOp("=")
			p.needOp("(")
			for !p.op(")") {
				files = append(files, p.string())
				p.op(",")
			}
		case "ON_ERROR":
			p.needOp("=")
			if t := p.next(); t.name != "ABORT_STATEMENT" && t.text != "ABORT_STATEMENT" {
				panic(cannot("ON_ERROR = %s", t.text))
			}
		case "PURGE":
			p.needOp("=")
			purge = p.next().name == "TRUE"
		case "FORCE":
			p.needOp("=")
			force = p.next().name == "TRUE"
		case "MATCH_BY_COLUMN_NAME":
			p.needOp("=")
			byName = p.next().name
		case "SIZE_LIMIT", "RETURN_FAILED_ONLY", "TRUNCATECOLUMNS", "ENFORCE_LENGTH", "LOAD_MODE":
			panic(cannot("COPY INTO ... %s", i.name))
		default:
			p.i--
			p.unexpected()
		}
	}
	p.end()
	_ = force
	for k := range format {
		if !formatKeys[k] {
			panic(cannot("the file format option %s", k))
		}
	}
	paths := st.stagedFiles(folder, files, match)
	if st.describe {
		return status(typeCopy, "Copy executed")
	}
	if len(paths) == 0 {
		return status(typeCopy, "Copy executed with 0 files processed.")
	}
	var rows [][]string
	for _, path := range paths {
		sql := st.copyFile(o, targets, path, format, byName, sel)
		n := st.change(o, false, sql)
		rows = append(rows, []string{filepath.Base(path), "LOADED", strconv.FormatInt(n, 10), strconv.FormatInt(n, 10), "1", "0", null, null, null, null})
		if purge {
			st.must(os.Remove(path))
		}
	}
	r := table(typeCopy, "file status rows_parsed rows_loaded error_limit errors_seen first_error first_error_line first_error_character first_error_column_name", rows)
	for _, i := range []int{2, 3, 4, 5, 7, 8} {
		r.columns[i].t = fixed(18, 0)
	}
	return r
}

func (st *statement) transformation() *selectNode {
	p := st.p
	sel := &selectNode{at: p.peek()}
	p.need("SELECT")
	for {
		sel.items = append(sel.items, p.selectItem())
		if !p.op(",") {
			break
		}
	}
	p.need("FROM")
	return sel
}

func (st *statement) stagedFiles(folder string, files []string, match string) []string {
	var out []string
	if len(files) > 0 {
		for _, f := range files {
			path := filepath.Join(folder, f)
			if _, err := os.Stat(path); err != nil {
				panic(refuse(100016, "02000", "Remote file '%s' was not found.", f))
			}
			out = append(out, path)
		}
		return out
	}
	var re *regexp.Regexp
	if match != "" {
		var err error
		if re, err = regexp.Compile("^(?:" + match + ")$"); err != nil {
			panic(refuse(100048, "2201B", "Invalid regular expression: '%s'", match))
		}
	}
	// A location is a prefix: a file's name may go on after it.
	err := filepath.WalkDir(filepath.Dir(folder), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // a folder that is not there has no files
		}
		if strings.HasPrefix(path, folder) && (re == nil || re.MatchString(filepath.Base(path))) {
			out = append(out, path)
		}
		return nil
	})
	st.must(err)
	slices.Sort(out)
	return out
}

// copyFile is the statement that loads a file.
func (st *statement) copyFile(o *object, targets []*columnDef, path string, format map[string]string, byName string, sel *selectNode) string {
	kind := format["TYPE"]
	if kind == "" {
		kind = "CSV"
	}
	var reader string
	var cells []expr
	width := len(targets)
	if sel != nil {
		width = 0
		for _, i := range sel.items {
			walk(i.x, func(n node) bool {
				if d, ok := n.(*dollarNode); ok {
					if k, err := strconv.Atoi(d.name); err == nil {
						width = max(width, k)
					}
				}
				return true
			})
		}
	}
	switch kind {
	case "CSV":
		delimiter := format["FIELD_DELIMITER"]
		if delimiter == "" {
			delimiter = ","
		}
		enclosed := format["FIELD_OPTIONALLY_ENCLOSED_BY"]
		if enclosed == "NONE" {
			enclosed = ""
		}
		rows, err := readCSV(path, delimiter, enclosed, atoi(format["SKIP_HEADER"]), format)
		st.must(err)
		staged, err := stageRows(st, rows, width)
		st.must(err)
		reader = staged
		for i := range width {
			cells = append(cells, expr{sql: "x.c" + strconv.Itoa(i), t: tText})
		}
	case "JSON":
		staged, err := st.jsonRows(path, format)
		st.must(err)
		reader = staged
		cells = []expr{{sql: "x.c0", t: tVariant}}
		if byName != "NONE" {
			cells = nil
			for _, c := range targets {
				cells = append(cells, byKey(st, c, byName))
			}
		}
	case "PARQUET":
		if byName == "NONE" && sel == nil {
			panic(compilation(codeUnsupported, "0A000", "PARQUET file format can produce one and only one column of type variant, object, or array. Load data into a relational format with MATCH_BY_COLUMN_NAME or a transformation."))
		}
		if sel != nil {
			panic(cannot("a transformation of a Parquet file"))
		}
		return st.copyParquet(o, targets, path, byName)
	default:
		panic(cannot("files of the type %s", kind))
	}
	if sel != nil {
		s := &scope{}
		r := &relation{}
		for i, c := range cells {
			r.columns = append(r.columns, column{name: "$" + strconv.Itoa(i+1), sql: c.sql, t: c.t})
		}
		s.relations = []*relation{r}
		given := cells
		_ = given
		cells = nil
		for _, i := range sel.items {
			cells = append(cells, st.b.nested(i.x, s))
		}
	}
	if len(cells) != len(targets) {
		panic(compilation(2020, "21S01", "Insert value list does not match column list expecting %d but got %d", len(targets), len(cells)))
	}
	var names, values []string
	for i, c := range targets {
		names = append(names, c.physical)
		values = append(values, st.load(c, cells[i]).sql)
	}
	for _, c := range o.columns {
		if c.fallback != "" && !slices.Contains(targets, c) {
			names, values = append(names, c.physical), append(values, c.fallback)
		}
	}
	return "INSERT INTO " + o.physical + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM " + reader + " AS x"
}

// load converts a field of a file as COPY does: text becomes whatever the
// column is.
func (st *statement) load(c *columnDef, e expr) expr {
	if e.t.k == kText && c.t.semi() {
		v := of("v_parse(%s)", tVariant, e)
		return st.assign(c, st.b.cast(v, c.t, false, true))
	}
	if e.t.k == kText && c.t.k == kBinary {
		e = st.b.cast(e, c.t, false, true)
	}
	if e.t.k == kVariant && !c.t.semi() {
		e = st.b.cast(e, c.t, false, true)
	}
	return st.assign(c, e)
}

func byKey(st *statement, c *columnDef, how string) expr {
	if how == "CASE_INSENSITIVE" {
		return of("v_get_any(%s, "+quote(c.name)+")", tVariant, expr{sql: "x.c0"})
	}
	_ = st
	return of("v_get(%s, "+quote(c.name)+")", tVariant, expr{sql: "x.c0"})
}

func (st *statement) staged() *result {
	p := st.p
	word := p.next().name
	_, folder := st.stageAt(st.location())
	match := ""
	if p.word("PATTERN") {
		p.needOp("=")
		match = p.string()
	}
	p.end()
	var rows [][]string
	for _, path := range st.stagedFiles(folder, nil, match) {
		info, err := os.Stat(path)
		st.must(err)
		if word == "LIST" || word == "LS" {
			rows = append(rows, []string{filepath.Base(path), strconv.FormatInt(info.Size(), 10), null, createdAt})
			continue
		}
		st.must(os.Remove(path))
		rows = append(rows, []string{filepath.Base(path), "removed"})
	}
	if word == "LIST" || word == "LS" {
		r := table(typeShow, "name size md5 last_modified", rows)
		r.columns[1].t = fixed(18, 0)
		return r
	}
	return table(typeDDL, "name result", rows)
}
