package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	googlesql "github.com/goccy/go-googlesql"
)

// What BigQuery refuses although GoogleSQL's analyzer does not.

var (
	// Letters, digits and marks of any language, and what a flexible column name
	// may have besides. Among what it may not have is the point.
	columnName = regexp.MustCompile(`^[\p{L}\p{M}\p{N}_ \t&%=+:'<>#|-]+$`)
	tableName  = regexp.MustCompile(`^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}\p{Zs}]+$`)
	prefixes   = []string{"_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER", "_CHANGE_SEQUENCE_NUMBER", "_CHANGE_TYPE", "_CHANGE_TIMESTAMP"}
)

// maxQuery is the length of a statement in bytes.
const maxQuery = 1 << 20

func checkTableName(name string) {
	if len(name) > 1024 || !tableName.MatchString(name) {
		panic(&Error{Reason: "invalid", Message: fmt.Sprintf("Invalid table ID %q.", name)})
	}
}

// checkColumns refuses names that a table cannot have.
func checkColumns(columns []Column) {
	if len(columns) > 10000 {
		panic(invalid("Too many columns: a table has at most 10000"))
	}
	seen := map[string]bool{}
	for _, c := range columns {
		low := strings.ToLower(c.Name)
		switch {
		case c.Name == "":
			panic(invalid("CREATE TABLE columns must be named, but a column has no name"))
		case utf8.RuneCountInString(c.Name) > 300 || !columnName.MatchString(c.Name):
			panic(invalid(fmt.Sprintf("Invalid field name %q. Fields must contain the allowed characters, and be at most 300 characters long. For allowed characters, please refer to https://cloud.google.com/bigquery/docs/schemas#column_names", c.Name)))
		case seen[low]:
			panic(invalid("Duplicate column name in table schema: " + c.Name))
		case slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(strings.ToUpper(c.Name), p) }):
			panic(invalid("Invalid field name " + c.Name + ": the prefix is reserved"))
		}
		seen[low] = true
		switch c.Type.Name {
		case "STRUCT":
			checkColumns(c.Type.Fields)
		case "ARRAY":
			if c.Type.Elem.Name == "STRUCT" {
				checkColumns(c.Type.Elem.Fields)
			}
		case "INTERVAL":
		}
	}
}

// clusterable are the types that CLUSTER BY takes.
var clusterable = map[string]bool{"BIGNUMERIC": true, "BOOL": true, "DATE": true, "DATETIME": true, "INT64": true, "NUMERIC": true, "STRING": true, "TIMESTAMP": true}

func checkClustering(t *Table) {
	if len(t.Cluster) > 4 {
		panic(invalid("CLUSTER BY must have no more than 4 expressions"))
	}
	for _, name := range t.Cluster {
		if c := t.column(name); c == nil || !clusterable[c.Type.Name] {
			panic(invalid("CLUSTER BY expression is of a type that cannot be clustered: " + name))
		}
	}
}

// inspect looks at each node of a statement: it gives what is read, and refuses
// what BigQuery refuses.
func inspect(r *Resolved) ([]read, error) {
	var reads []read
	var walk func(n googlesql.ResolvedNode) error
	walk = func(n googlesql.ResolvedNode) error {
		switch n := n.(type) {
		case *googlesql.ResolvedTableScan:
			t := r.Tables[must(must(n.Table()).GetSerializationId())]
			at := read{table: t}
			for _, i := range must(n.ColumnIndexList()) {
				at.columns = append(at.columns, t.Columns[i])
			}
			reads = append(reads, at)
		case *googlesql.ResolvedJoinScan:
			if err := outerJoin(n); err != nil {
				return err
			}
		case *googlesql.ResolvedSubqueryExpr:
			if err := correlated(n); err != nil {
				return err
			}
		}
		for _, child := range must(n.GetChildNodes()) {
			if err := walk(child); err != nil {
				return err
			}
		}
		return nil
	}
	return reads, walk(r.Statement)
}

// outerJoin wants an equality of both sides, by which rows can be distributed.
func outerJoin(j *googlesql.ResolvedJoinScan) error {
	kind := map[googlesql.ResolvedJoinScanEnums_JoinType]string{
		googlesql.ResolvedJoinScanEnums_JoinTypeLeft: "LEFT", googlesql.ResolvedJoinScanEnums_JoinTypeRight: "RIGHT", googlesql.ResolvedJoinScanEnums_JoinTypeFull: "FULL",
	}[must(j.JoinType())]
	if kind == "" {
		return nil
	}
	left, right := columns(must(j.LeftScan())), columns(must(j.RightScan()))
	for _, c := range conjuncts(must(j.JoinExpr())) {
		a, b, ok := equality(c)
		if !ok {
			continue
		}
		if within(a, left) && within(b, right) || within(a, right) && within(b, left) {
			return nil
		}
	}
	return invalid(kind + " OUTER JOIN cannot be used without a condition that is an equality of fields from both sides of the join.")
}

// conjuncts are the parts of a condition.
func conjuncts(e googlesql.ResolvedExprNode) []googlesql.ResolvedExprNode {
	if f, ok := e.(*googlesql.ResolvedFunctionCall); ok && must(must(f.Function()).FullName(false)) == "$and" {
		var out []googlesql.ResolvedExprNode
		for _, a := range must(f.ArgumentList()) {
			out = append(out, conjuncts(a)...)
		}
		return out
	}
	return []googlesql.ResolvedExprNode{e}
}

func equality(e googlesql.ResolvedExprNode) (a, b googlesql.ResolvedExprNode, ok bool) {
	f, ok := e.(*googlesql.ResolvedFunctionCall)
	if !ok || must(must(f.Function()).FullName(false)) != "$equal" {
		return nil, nil, false
	}
	args := must(f.ArgumentList())
	return args[0], args[1], true
}

// mentioned are the columns in an expression.
func mentioned(n googlesql.ResolvedNode) (out []string, correlated bool) {
	if ref, ok := n.(*googlesql.ResolvedColumnRef); ok {
		return []string{column(must(ref.Column()))}, must(ref.IsCorrelated())
	}
	for _, child := range must(n.GetChildNodes()) {
		more, outer := mentioned(child)
		out, correlated = append(out, more...), correlated || outer
	}
	return out, correlated
}

// within says that an expression mentions columns, and only those.
func within(e googlesql.ResolvedExprNode, columns []string) bool {
	names, _ := mentioned(e)
	return len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(columns, n) })
}

// correlated wants of a subquery that reads a table and mentions the row outside
// an equality of the two, by which it can become a join.
func correlated(s *googlesql.ResolvedSubqueryExpr) error {
	if len(must(s.ParameterList())) == 0 {
		return nil
	}
	tables, joined := false, false
	var walk func(n googlesql.ResolvedNode)
	walk = func(n googlesql.ResolvedNode) {
		switch n := n.(type) {
		case *googlesql.ResolvedTableScan, *googlesql.ResolvedWithRefScan:
			tables = true
		case *googlesql.ResolvedFilterScan:
			for _, c := range conjuncts(must(n.FilterExpr())) {
				a, b, ok := equality(c)
				if !ok {
					continue
				}
				_, outerA := mentioned(a)
				_, outerB := mentioned(b)
				joined = joined || outerA != outerB
			}
		}
		for _, child := range must(n.GetChildNodes()) {
			walk(child)
		}
	}
	walk(must(s.Subquery()))
	if tables && !joined && must(s.SubqueryType()) != googlesql.ResolvedSubqueryExprEnums_SubqueryTypeIn {
		return invalid("Correlated subqueries that reference other tables are not supported unless they can be de-correlated, such as by transforming them into an efficient JOIN.")
	}
	return nil
}
