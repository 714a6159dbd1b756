package sftest

import (
	"strings"
)

// parser reads Snowflake's SQL. What it does not know it refuses: as
// Snowflake's syntax error where the documentation has no such syntax.
type parser struct {
	toks   []token
	i      int
	params int
	text   string
}

func newParser(text string) *parser { return &parser{toks: tokens(text), text: text} }

func (p *parser) peek() token { return p.toks[p.i] }

func (p *parser) ahead(n int) token { return p.toks[min(p.i+n, len(p.toks)-1)] }

func (p *parser) next() token {
	t := p.toks[p.i]
	if t.kind != tokEnd {
		p.i++
	}
	return t
}

func (p *parser) unexpected() {
	t := p.peek()
	text := t.text
	if t.kind == tokString {
		text = "'" + text + "'"
	}
	panic(compilation(codeSyntax, "42000", "syntax error line %d at position %d unexpected '%s'.", t.line, t.col, text))
}

func (p *parser) isOp(op string) bool {
	t := p.peek()
	return t.kind == tokOp && t.text == op
}

func (p *parser) op(op string) bool {
	if p.isOp(op) {
		p.i++
		return true
	}
	return false
}

func (p *parser) needOp(op string) {
	if !p.op(op) {
		p.unexpected()
	}
}

// isWord says whether the words follow; p.word takes them.
func (p *parser) isWord(words ...string) bool {
	for n, w := range words {
		if t := p.ahead(n); t.kind != tokWord || t.name != w {
			return false
		}
	}
	return true
}

func (p *parser) word(words ...string) bool {
	if p.isWord(words...) {
		p.i += len(words)
		return true
	}
	return false
}

func (p *parser) need(words ...string) {
	for _, w := range words {
		if !p.word(w) {
			p.unexpected()
		}
	}
}

// oneOf takes one of the words.
func (p *parser) oneOf(words ...string) string {
	for _, w := range words {
		if p.word(w) {
			return w
		}
	}
	return ""
}

func (p *parser) ident() ident {
	t := p.peek()
	switch {
	case t.kind == tokQuoted:
		p.i++
		return ident{t.name, true}
	case t.kind == tokWord && !reserved[t.name]:
		p.i++
		return ident{t.name, false}
	}
	p.unexpected()
	return ident{}
}

// part is a part of a name after a point: any word will do.
func (p *parser) part() ident {
	if t := p.peek(); t.kind == tokWord {
		p.i++
		return ident{t.name, false}
	}
	return p.ident()
}

func (p *parser) qualified() name {
	n := name{at: p.peek()}
	if p.isWord("IDENTIFIER") && p.ahead(1).text == "(" {
		p.i += 2
		t := p.next()
		if t.kind != tokString {
			p.unexpected()
		}
		p.needOp(")")
		inner := newParser(t.text)
		out := inner.qualified()
		out.at = n.at
		return out
	}
	n.parts = append(n.parts, p.ident())
	for p.isOp(".") {
		p.i++
		n.parts = append(n.parts, p.part())
	}
	return n
}

func (p *parser) idents() []ident {
	p.needOp("(")
	var out []ident
	for {
		out = append(out, p.ident())
		if !p.op(",") {
			break
		}
	}
	p.needOp(")")
	return out
}

func (p *parser) string() string {
	t := p.peek()
	if t.kind != tokString {
		p.unexpected()
	}
	p.i++
	return t.text
}

func (p *parser) end() {
	p.op(";")
	if p.peek().kind != tokEnd {
		p.unexpected()
	}
}

// query reads WITH ... SELECT ... ORDER BY ... LIMIT.
func (p *parser) query() *query {
	q := &query{}
	if p.word("WITH") {
		q.recursive = p.word("RECURSIVE")
		for {
			c := cte{name: p.ident()}
			if p.isOp("(") {
				c.columns = p.idents()
			}
			p.need("AS")
			p.needOp("(")
			c.query = p.query()
			p.needOp(")")
			q.with = append(q.with, c)
			if !p.op(",") {
				break
			}
		}
	}
	q.body = p.setExpr(0)
	if p.word("ORDER") {
		p.need("BY")
		if p.word("ALL") {
			q.orderAll = true
		} else {
			q.order = p.orderItems()
		}
	}
	if p.word("LIMIT") {
		q.limit = p.expr()
		if p.word("OFFSET") {
			q.offset = p.expr()
		}
	} else {
		if p.word("OFFSET") {
			q.offset = p.expr()
			p.oneOf("ROW", "ROWS")
		}
		if p.word("FETCH") {
			p.oneOf("FIRST", "NEXT")
			q.limit = p.expr()
			p.oneOf("ROW", "ROWS")
			p.word("ONLY")
		}
	}
	return q
}

// setExpr reads set operators; INTERSECT binds more tightly.
func (p *parser) setExpr(level int) any {
	if level == 2 {
		return p.queryPrimary()
	}
	left := p.setExpr(level + 1)
	for {
		var op string
		if level == 0 {
			op = p.oneOf("UNION", "EXCEPT", "MINUS")
			if op == "MINUS" {
				op = "EXCEPT"
			}
		} else {
			op = p.oneOf("INTERSECT")
		}
		if op == "" {
			return left
		}
		all := false
		if op == "UNION" {
			all = p.word("ALL")
			if !all {
				p.word("DISTINCT")
			}
			if p.isWord("BY", "NAME") {
				panic(cannot("UNION BY NAME"))
			}
		}
		left = &setNode{op: op, all: all, left: left, right: p.setExpr(level + 1)}
	}
}

func (p *parser) queryPrimary() any {
	switch {
	case p.op("("):
		q := p.query()
		p.needOp(")")
		return q
	case p.isWord("VALUES"):
		return p.values()
	case p.isWord("SELECT"):
		return p.selectStmt()
	}
	p.unexpected()
	return nil
}

func (p *parser) values() *valuesNode {
	p.need("VALUES")
	v := &valuesNode{}
	for {
		p.needOp("(")
		var row []node
		for {
			if p.word("DEFAULT") {
				row = append(row, nil)
			} else {
				row = append(row, p.expr())
			}
			if !p.op(",") {
				break
			}
		}
		p.needOp(")")
		v.rows = append(v.rows, row)
		if !p.op(",") {
			return v
		}
	}
}

func (p *parser) selectStmt() *selectNode {
	s := &selectNode{at: p.peek()}
	p.need("SELECT")
	if p.word("DISTINCT") {
		s.distinct = true
	} else {
		p.word("ALL")
	}
	if p.isWord("TOP") && p.ahead(1).kind == tokNumber {
		p.i++
		s.top = p.primary()
	}
	for len(s.items) == 0 || !p.isWord("FROM") { // a trailing comma is allowed
		s.items = append(s.items, p.selectItem())
		if !p.op(",") {
			break
		}
	}
	if p.word("FROM") {
		for {
			s.from = append(s.from, p.fromItem())
			if !p.op(",") {
				break
			}
		}
	}
	if p.word("WHERE") {
		s.where = p.expr()
	}
	if p.word("GROUP") {
		p.need("BY")
		switch {
		case p.word("ALL"):
			s.groupAll = true
		case p.isWord("GROUPING", "SETS"), p.isWord("ROLLUP"), p.isWord("CUBE"):
			panic(cannot("GROUP BY %s", p.peek().text))
		default:
			s.group = p.exprs()
		}
	}
	if p.word("HAVING") {
		s.having = p.expr()
	}
	if p.word("QUALIFY") {
		s.qualify = p.expr()
	}
	if p.isWord("WINDOW") {
		p.unexpected()
	}
	return s
}

func (p *parser) selectItem() selectItem {
	at := p.peek()
	if p.op("*") {
		return selectItem{star: p.starRest(nil, at)}
	}
	// t.* and a.b.t.*
	for n := 0; ; n += 2 {
		t := p.ahead(n)
		if t.kind != tokWord && t.kind != tokQuoted || p.ahead(n+1).text != "." || p.ahead(n+1).kind != tokOp {
			break
		}
		if s := p.ahead(n + 2); s.kind == tokOp && s.text == "*" {
			var qualifier []ident
			for range n/2 + 1 {
				qualifier = append(qualifier, p.part())
				p.i++
			}
			p.i++
			return selectItem{star: p.starRest(qualifier, at)}
		}
	}
	start := p.i
	item := selectItem{x: p.expr()}
	item.text = strings.ToUpper(p.text[p.toks[start].start:p.toks[p.i-1].end])
	item.alias = p.alias(true)
	return item
}

func (p *parser) starRest(qualifier []ident, at token) *starNode {
	s := &starNode{qualifier: qualifier, at: at}
	if p.word("ILIKE") {
		s.ilike = p.string()
	}
	if p.word("EXCLUDE") {
		if p.isOp("(") {
			s.exclude = p.idents()
		} else {
			s.exclude = []ident{p.ident()}
		}
	}
	if p.isWord("REPLACE") && p.ahead(1).text == "(" {
		p.i += 2
		s.replace = map[string]node{}
		for {
			x := p.expr()
			p.need("AS")
			s.replace[p.ident().name] = x
			if !p.op(",") {
				break
			}
		}
		p.needOp(")")
	}
	if p.word("RENAME") {
		one := func() {
			from := p.ident()
			p.need("AS")
			s.rename = append(s.rename, [2]ident{from, p.ident()})
		}
		if p.op("(") {
			for {
				one()
				if !p.op(",") {
					break
				}
			}
			p.needOp(")")
		} else {
			one()
		}
	}
	return s
}

// notAlias are words that follow an item of FROM or SELECT and name nothing.
var notAlias = set("LIMIT OFFSET FETCH EXCEPT WINDOW QUALIFY ASOF PIVOT UNPIVOT MATCH_CONDITION MATCH_RECOGNIZE AT BEFORE CHANGES")

// alias reads [AS] name, where there is one.
func (p *parser) alias(anyAfterAs bool) *ident {
	if p.word("AS") {
		if t := p.peek(); anyAfterAs && t.kind == tokWord && !reserved[t.name] || t.kind == tokQuoted {
			i := p.part()
			return &i
		}
		i := p.ident()
		return &i
	}
	t := p.peek()
	if t.kind == tokQuoted || t.kind == tokWord && !reserved[t.name] && !notAlias[t.name] {
		i := p.ident()
		return &i
	}
	return nil
}

func (p *parser) fromItem() fromNode {
	left := p.fromPrimary()
	for {
		natural := p.word("NATURAL")
		var kind string
		switch {
		case p.word("CROSS", "JOIN"):
			kind = "CROSS"
		case p.word("INNER", "JOIN"), p.word("JOIN"):
			kind = "INNER"
		case p.word("LEFT", "OUTER", "JOIN"), p.word("LEFT", "JOIN"):
			kind = "LEFT"
		case p.word("RIGHT", "OUTER", "JOIN"), p.word("RIGHT", "JOIN"):
			kind = "RIGHT"
		case p.word("FULL", "OUTER", "JOIN"), p.word("FULL", "JOIN"):
			kind = "FULL"
		case p.isWord("ASOF"):
			panic(cannot("ASOF JOIN"))
		default:
			if natural {
				p.unexpected()
			}
			return left
		}
		j := &joinNode{kind: kind, natural: natural, left: left, right: p.fromPrimary()}
		switch {
		case p.word("ON"):
			j.on = p.expr()
		case p.isWord("USING"):
			p.i++
			j.using = p.idents()
		}
		left = j
	}
}

func (p *parser) fromPrimary() fromNode {
	lateral := p.word("LATERAL")
	switch {
	case p.isOp("("):
		p.i++
		if p.isWord("SELECT") || p.isWord("WITH") || p.isOp("(") {
			// A join in parentheses begins with one too.
			save := p.i
			if q, ok := p.tryQuery(); ok {
				d := &derived{query: q, lateral: lateral}
				d.alias, d.columns = p.tableAlias()
				return d
			}
			p.i = save
		}
		if p.isWord("VALUES") {
			v := &valuesRef{values: p.values()}
			p.needOp(")")
			v.alias, v.columns = p.tableAlias()
			return v
		}
		f := p.fromItem()
		p.needOp(")")
		return f
	case p.isWord("VALUES"):
		v := &valuesRef{values: p.values()}
		v.alias, v.columns = p.tableAlias()
		return v
	case p.isWord("TABLE") && p.ahead(1).text == "(":
		p.i += 2
		if p.peek().kind == tokString {
			n := newParser(p.string()).qualified()
			p.needOp(")")
			t := &tableRef{name: n}
			t.alias, t.columns = p.tableAlias()
			return t
		}
		p.information()
		f := p.tableFunction(lateral)
		p.needOp(")")
		f.alias, f.columns = p.tableAlias()
		return f
	case p.isOp("@"):
		panic(cannot("a query of staged files; COPY INTO is what reads them"))
	}
	if lateral || p.isWord("FLATTEN") && p.ahead(1).text == "(" {
		f := p.tableFunction(true)
		f.alias, f.columns = p.tableAlias()
		return f
	}
	t := &tableRef{name: p.qualified()}
	if p.isWord("AT") && p.ahead(1).text == "(" || p.isWord("BEFORE") && p.ahead(1).text == "(" || p.isWord("CHANGES") && p.ahead(1).text == "(" {
		panic(cannot("Time Travel (%s)", p.peek().text))
	}
	t.alias, t.columns = p.tableAlias()
	if p.isWord("SAMPLE") || p.isWord("TABLESAMPLE") || p.isWord("PIVOT") || p.isWord("UNPIVOT") || p.isWord("MATCH_RECOGNIZE") {
		panic(cannot("%s", p.peek().text))
	}
	return t
}

// tryQuery reads a query and its closing parenthesis, or says that there is none.
func (p *parser) tryQuery() (q *query, ok bool) {
	start := p.i
	depth := 0
	if p.isOp("(") {
		// ((a JOIN b) JOIN c): what begins with a parenthesis is a query where the
		// first word in it begins one.
		for p.ahead(depth).text == "(" && p.ahead(depth).kind == tokOp {
			depth++
		}
		t := p.ahead(depth)
		if t.kind != tokWord || t.name != "SELECT" && t.name != "WITH" && t.name != "VALUES" {
			return nil, false
		}
		// (SELECT ...) a JOIN ...: a derived table inside of a join.
		level := 0
		for i := p.i; i < len(p.toks); i++ {
			if p.toks[i].kind != tokOp {
				continue
			}
			switch p.toks[i].text {
			case "(":
				level++
			case ")":
				level--
			}
			if level == 0 {
				after := p.toks[i+1]
				if after.kind == tokOp && after.text == ")" || after.kind == tokWord && (after.name == "UNION" || after.name == "EXCEPT" || after.name == "INTERSECT" || after.name == "MINUS" || after.name == "ORDER" || after.name == "LIMIT") {
					break
				}
				p.i = start
				return nil, false
			}
		}
	}
	q = p.query()
	p.needOp(")")
	return q, true
}

func (p *parser) tableAlias() (*ident, []ident) {
	a := p.alias(false)
	if a != nil && p.isOp("(") {
		return a, p.idents()
	}
	return a, nil
}

// information passes over the schema that a function of the information schema is
// named with.
func (p *parser) information() {
	if p.isWord("INFORMATION_SCHEMA") && p.ahead(1).text == "." {
		p.i += 2
		if !p.isWord("QUERY_HISTORY_BY_USER") {
			panic(cannot("the table function INFORMATION_SCHEMA.%s", p.peek().text))
		}
	}
}

func (p *parser) tableFunction(lateral bool) *tableFunc {
	t := p.peek()
	if t.kind != tokWord || p.ahead(1).text != "(" {
		p.unexpected()
	}
	call, ok := p.primary().(*callNode)
	if !ok {
		p.unexpected()
	}
	return &tableFunc{call: call, lateral: lateral}
}

func (p *parser) exprs() []node {
	var out []node
	for {
		out = append(out, p.expr())
		if !p.op(",") {
			return out
		}
	}
}

func (p *parser) orderItems() []orderItem {
	var out []orderItem
	for {
		o := orderItem{x: p.expr()}
		switch {
		case p.word("DESC"):
			o.desc = true
		default:
			p.word("ASC")
		}
		if p.word("NULLS") {
			if o.nulls = p.oneOf("FIRST", "LAST"); o.nulls == "" {
				p.unexpected()
			}
		}
		out = append(out, o)
		if !p.op(",") {
			return out
		}
	}
}

func (p *parser) expr() node { return p.or() }

func (p *parser) or() node {
	x := p.and()
	for p.isWord("OR") {
		at := p.next()
		x = &binaryNode{"OR", x, p.and(), at}
	}
	return x
}

func (p *parser) and() node {
	x := p.not()
	for p.isWord("AND") {
		at := p.next()
		x = &binaryNode{"AND", x, p.not(), at}
	}
	return x
}

func (p *parser) not() node {
	if p.word("NOT") {
		return &unaryNode{"NOT", p.not()}
	}
	return p.comparison()
}

var comparisons = map[string]string{"=": "=", "<>": "<>", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}

func (p *parser) comparison() node {
	x := p.additive()
	for {
		t := p.peek()
		if t.kind == tokOp && comparisons[t.text] != "" {
			p.i++
			op := comparisons[t.text]
			if q := p.oneOf("ALL", "ANY", "SOME"); q != "" {
				p.needOp("(")
				x = &quantNode{op: op, x: x, query: p.query(), all: q == "ALL", at: t}
				p.needOp(")")
				continue
			}
			x = &binaryNode{op, x, p.additive(), t}
			continue
		}
		if p.word("IS") {
			not := p.word("NOT")
			switch {
			case p.word("NULL"):
				x = &isNode{x, "NULL", not}
			case p.word("TRUE"):
				x = &isNode{x, "TRUE", not}
			case p.word("FALSE"):
				x = &isNode{x, "FALSE", not}
			case p.word("DISTINCT", "FROM"):
				x = &distinctNode{x, p.additive(), not}
			default:
				p.unexpected()
			}
			continue
		}
		save := p.i
		not := p.word("NOT")
		switch {
		case p.word("BETWEEN"):
			low := p.additive()
			p.need("AND")
			x = &betweenNode{x, low, p.additive(), not}
		case p.word("IN"):
			p.needOp("(")
			n := &inNode{x: x, not: not}
			if p.isWord("SELECT") || p.isWord("WITH") {
				n.query = p.query()
			} else {
				n.list = p.exprs()
			}
			p.needOp(")")
			x = n
		case p.isWord("LIKE"), p.isWord("ILIKE"), p.isWord("RLIKE"), p.isWord("REGEXP"):
			n := &likeNode{op: p.next().name, x: x, not: not}
			if n.op == "REGEXP" {
				n.op = "RLIKE"
			}
			if n.quantifier = p.oneOf("ANY", "ALL"); n.quantifier != "" {
				p.needOp("(")
				n.patterns = p.exprs()
				p.needOp(")")
			} else {
				n.patterns = []node{p.additive()}
			}
			if p.word("ESCAPE") {
				n.escape = p.additive()
			}
			x = n
		default:
			p.i = save
			return x
		}
	}
}

func (p *parser) additive() node {
	x := p.multiplicative()
	for {
		t := p.peek()
		if t.kind != tokOp || t.text != "+" && t.text != "-" && t.text != "||" {
			return x
		}
		p.i++
		x = &binaryNode{t.text, x, p.multiplicative(), t}
	}
}

func (p *parser) multiplicative() node {
	x := p.unary()
	for {
		t := p.peek()
		if t.kind != tokOp || t.text != "*" && t.text != "/" && t.text != "%" {
			return x
		}
		p.i++
		x = &binaryNode{t.text, x, p.unary(), t}
	}
}

func (p *parser) unary() node {
	switch {
	case p.op("-"):
		x := p.unary()
		if n, ok := x.(*numberNode); ok && !strings.HasPrefix(n.text, "-") {
			return &numberNode{"-" + n.text}
		}
		return &unaryNode{"-", x}
	case p.op("+"):
		return p.unary()
	}
	return p.postfix(p.primary())
}

func (p *parser) postfix(x node) node {
	for {
		switch {
		case p.op("::"):
			x = &castNode{x: x, to: p.typeName()}
		case p.isOp("["):
			p.i++
			x = &indexNode{x, p.expr()}
			p.needOp("]")
		case p.isOp(":") && (p.ahead(1).kind == tokWord || p.ahead(1).kind == tokQuoted || p.ahead(1).kind == tokString):
			p.i++
			x = &pathNode{x, p.pathKey()}
			for p.isOp(".") {
				p.i++
				x = &pathNode{x, p.pathKey()}
			}
		case p.isOp(".") && isPath(x):
			p.i++
			x = &pathNode{x, p.pathKey()}
		default:
			return x
		}
	}
}

func isPath(x node) bool {
	switch x := x.(type) {
	case *pathNode:
		return true
	case *indexNode:
		return isPath(x.x) || true
	}
	return false
}

// pathKey is a key of an object: its case counts.
func (p *parser) pathKey() string {
	t := p.next()
	switch t.kind {
	case tokWord:
		return t.text
	case tokQuoted:
		return t.name
	case tokString:
		return t.text
	}
	p.i--
	p.unexpected()
	return ""
}

// bareFunctions are called without parentheses.
var bareFunctions = set("CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER LOCALTIME LOCALTIMESTAMP")

func (p *parser) primary() node {
	t := p.peek()
	switch t.kind {
	case tokNumber:
		p.i++
		return &numberNode{t.text}
	case tokString:
		p.i++
		return &stringNode{t.text}
	case tokParam:
		p.i++
		if t.text == "?" {
			p.params++
			return &paramNode{p.params}
		}
		n := 0
		for _, c := range t.text[1:] {
			n = n*10 + int(c-'0')
		}
		return &paramNode{n}
	case tokDollar:
		p.i++
		return &dollarNode{t.name}
	case tokOp:
		switch t.text {
		case "(":
			return p.parenthesis()
		case "[":
			p.i++
			a := &arrayNode{}
			if !p.isOp("]") {
				a.items = p.exprs()
			}
			p.needOp("]")
			return a
		case "{":
			return p.object()
		}
		p.unexpected()
	case tokQuoted, tokWord:
		return p.wordExpr()
	}
	p.unexpected()
	return nil
}

func (p *parser) parenthesis() node {
	at := p.next()
	// (x, y) -> ...
	for n := 0; ; n++ {
		k := p.ahead(n)
		if k.kind == tokOp && k.text == ")" {
			if a := p.ahead(n + 1); a.kind == tokOp && a.text == "->" {
				l := &lambdaNode{}
				for {
					p.lambdaParam(l)
					if !p.op(",") {
						break
					}
				}
				p.needOp(")")
				p.needOp("->")
				l.body = p.expr()
				return l
			}
			break
		}
		if end := p.behindSize(n); end > n {
			n = end - 1
			continue
		}
		if k.kind != tokWord && k.kind != tokQuoted && k.text != "," || k.kind == tokEnd {
			break
		}
	}
	if p.isWord("SELECT") || p.isWord("WITH") {
		q := p.query()
		p.needOp(")")
		return &subqueryNode{q, at}
	}
	x := p.exprs()
	p.needOp(")")
	if len(x) > 1 {
		return &rowNode{x}
	}
	return x[0]
}

// behindSize is where the token is that follows the size of a type, (38, 0), if one
// is n tokens ahead.
func (p *parser) behindSize(n int) int {
	if t := p.ahead(n); t.kind != tokOp || t.text != "(" {
		return n
	}
	end := n + 1
	for p.ahead(end).kind == tokNumber || p.ahead(end).text == "," {
		end++
	}
	if end == n+1 || p.ahead(end).text != ")" {
		return n
	}
	return end + 1
}

// arrow says that an arrow is n tokens ahead, or behind the size of a type there.
func (p *parser) arrow(n int) bool {
	t := p.ahead(p.behindSize(n))
	return t.kind == tokOp && t.text == "->"
}

func (p *parser) lambdaParam(l *lambdaNode) {
	l.params = append(l.params, p.ident())
	var typ *kindOf
	if t := p.peek(); t.kind == tokWord {
		k := p.typeName()
		typ = &k
	}
	l.types = append(l.types, typ)
}

func (p *parser) object() node {
	p.needOp("{")
	o := &objectNode{}
	if p.op("}") {
		return o
	}
	if p.isOp("*") {
		panic(cannot("{*}"))
	}
	for {
		o.keys = append(o.keys, &stringNode{p.string()})
		if t := p.peek(); t.kind == tokParam && strings.HasPrefix(t.text, ":") { // {'a':1}
			p.i++
			o.values = append(o.values, &numberNode{t.text[1:]})
		} else {
			p.needOp(":")
			o.values = append(o.values, p.expr())
		}
		if !p.op(",") {
			break
		}
	}
	p.needOp("}")
	return o
}

func (p *parser) wordExpr() node {
	t := p.peek()
	after := p.ahead(1)
	call := after.kind == tokOp && after.text == "("
	if after.kind == tokOp && after.text == "->" { // x -> ...
		l := &lambdaNode{params: []ident{p.ident()}, types: []*kindOf{nil}}
		p.needOp("->")
		l.body = p.expr()
		return l
	}
	if t.kind == tokWord && after.kind == tokWord && isType(after.name) && p.arrow(2) { // x INT -> ...
		l := &lambdaNode{}
		p.lambdaParam(l)
		p.needOp("->")
		l.body = p.expr()
		return l
	}
	if t.kind == tokWord {
		switch t.name {
		case "NULL":
			p.i++
			return &nullNode{}
		case "TRUE", "FALSE":
			p.i++
			return &boolNode{t.name == "TRUE"}
		case "CASE":
			return p.caseExpr()
		case "CAST", "TRY_CAST":
			p.i++
			p.needOp("(")
			x := p.expr()
			p.need("AS")
			c := &castNode{x: x, to: p.typeName(), try: t.name == "TRY_CAST"}
			p.needOp(")")
			return c
		case "EXISTS":
			p.i++
			p.needOp("(")
			q := p.query()
			p.needOp(")")
			return &existsNode{q, t}
		case "INTERVAL":
			if after.kind == tokString {
				p.i += 2
				return &intervalLit{after.text}
			}
		case "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "DATETIME":
			if after.kind == tokString {
				p.i += 2
				return &castNode{x: &stringNode{after.text}, to: namedType(t.name)}
			}
		case "EXTRACT":
			if call {
				p.i += 2
				part := p.next()
				p.oneOf("FROM")
				x := p.expr()
				p.needOp(")")
				return &callNode{name: "DATE_PART", at: t, args: []node{&stringNode{part.text}, x}}
			}
		case "POSITION":
			if call {
				p.i += 2
				x := p.additive()
				if p.word("IN") {
					y := p.expr()
					p.needOp(")")
					return &callNode{name: "POSITION", at: t, args: []node{x, y}}
				}
				args := []node{x}
				for p.op(",") {
					args = append(args, p.expr())
				}
				p.needOp(")")
				return &callNode{name: "POSITION", at: t, args: args}
			}
		}
		if call && (!reserved[t.name] || set("LEFT RIGHT INSERT LIKE ILIKE RLIKE REGEXP CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER ANY")[t.name]) {
			return p.call()
		}
		if bareFunctions[t.name] {
			p.i++
			return &callNode{name: t.name, at: t}
		}
		if t.name == "ARRAY" && after.kind == tokOp && after.text == "[" {
			p.i++
			p.unexpected() // ARRAY[...] is not Snowflake's
		}
	}
	n := name{at: t}
	n.parts = append(n.parts, p.ident())
	for p.isOp(".") && (p.ahead(1).kind == tokWord || p.ahead(1).kind == tokQuoted || p.ahead(1).kind == tokDollar) {
		p.i++
		if d := p.peek(); d.kind == tokDollar {
			p.i++
			n.parts = append(n.parts, ident{"$" + d.name, false})
			break
		}
		n.parts = append(n.parts, p.part())
	}
	if len(n.parts) > 1 && p.isOp("(") {
		panic(compilation(codeUnknownFunc, "42601", "Unknown user-defined function %s", n))
	}
	return &nameNode{n}
}

func (p *parser) caseExpr() node {
	p.need("CASE")
	c := &caseNode{}
	if !p.isWord("WHEN") {
		c.operand = p.expr()
	}
	for p.word("WHEN") {
		when := p.expr()
		p.need("THEN")
		c.whens = append(c.whens, [2]node{when, p.expr()})
	}
	if len(c.whens) == 0 {
		p.unexpected()
	}
	if p.word("ELSE") {
		c.other = p.expr()
	}
	p.need("END")
	return c
}

func (p *parser) call() node {
	t := p.next()
	c := &callNode{name: t.name, at: t}
	p.needOp("(")
	switch {
	case p.op("*"):
		c.star = true
	case p.isOp(")"):
	default:
		c.distinct = p.word("DISTINCT")
		if !c.distinct {
			if p.isWord("ALL") {
				p.i++
			}
		}
		if p.isWord("SELECT") || p.isWord("WITH") {
			at := p.peek()
			q := p.query()
			c.args = []node{&subqueryNode{q, at}}
			break
		}
		for {
			if k := p.peek(); k.kind == tokWord && p.ahead(1).kind == tokOp && p.ahead(1).text == "=>" {
				p.i += 2
				if c.named == nil {
					c.named = map[string]node{}
				}
				c.named[k.name] = p.expr()
			} else {
				c.args = append(c.args, p.expr())
			}
			if !p.op(",") {
				break
			}
		}
		if p.isWord("ORDER") { // Snowflake orders aggregates WITHIN GROUP
			p.unexpected()
		}
		p.nulls(c)
	}
	p.needOp(")")
	if p.word("WITHIN") {
		p.need("GROUP")
		p.needOp("(")
		p.need("ORDER", "BY")
		c.within, c.hasWithin = p.orderItems(), true
		p.needOp(")")
	}
	if p.isWord("FILTER") && p.ahead(1).text == "(" {
		p.unexpected() // Snowflake has no FILTER clause
	}
	if p.word("FROM", "LAST") {
		c.fromLast = true
	} else {
		p.word("FROM", "FIRST")
	}
	p.nulls(c)
	if p.word("OVER") {
		if !p.isOp("(") {
			p.unexpected() // no named windows
		}
		c.over = p.window()
	}
	return c
}

func (p *parser) nulls(c *callNode) {
	switch {
	case p.word("IGNORE", "NULLS"):
		c.nulls = "IGNORE"
	case p.word("RESPECT", "NULLS"):
		c.nulls = "RESPECT"
	}
}

func (p *parser) window() *window {
	p.needOp("(")
	w := &window{}
	if p.word("PARTITION") {
		p.need("BY")
		w.partition = p.exprs()
	}
	if p.word("ORDER") {
		p.need("BY")
		w.order = p.orderItems()
	}
	if unit := p.oneOf("ROWS", "RANGE"); unit != "" {
		f := &frame{unit: unit}
		if p.word("BETWEEN") {
			f.start = p.bound()
			p.need("AND")
			f.end = p.bound()
		} else {
			f.start = p.bound()
			f.end = edgeOf{kind: "CURRENT ROW"}
		}
		w.frame = f
	} else if p.isWord("GROUPS") {
		p.unexpected()
	}
	p.needOp(")")
	return w
}

func (p *parser) bound() edgeOf {
	switch {
	case p.word("UNBOUNDED", "PRECEDING"):
		return edgeOf{kind: "UNBOUNDED PRECEDING"}
	case p.word("UNBOUNDED", "FOLLOWING"):
		return edgeOf{kind: "UNBOUNDED FOLLOWING"}
	case p.word("CURRENT", "ROW"):
		return edgeOf{kind: "CURRENT ROW"}
	}
	b := edgeOf{value: p.additive()}
	if b.kind = p.oneOf("PRECEDING", "FOLLOWING"); b.kind == "" {
		p.unexpected()
	}
	return b
}
