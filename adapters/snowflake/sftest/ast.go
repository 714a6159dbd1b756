package sftest

import (
	"regexp"
	"strings"
)

// ident is one part of a name, folded unless it was quoted.
type ident struct {
	name   string
	quoted bool
}

// name is a possibly qualified name, with the place where it stands.
type name struct {
	parts []ident
	at    token
}

func (n name) String() string {
	parts := make([]string, len(n.parts))
	for i, p := range n.parts {
		parts[i] = p.shown()
	}
	return strings.Join(parts, ".")
}

// shown is the name as a message has it.
func (i ident) shown() string {
	if i.quoted && !plainName.MatchString(i.name) {
		return `"` + i.name + `"`
	}
	return i.name
}

var plainName = regexp.MustCompile(`^[A-Z_][A-Z0-9_$]*$`)

// node is an expression.
type node = any

type (
	nameNode    struct{ name name }
	numberNode  struct{ text string }
	stringNode  struct{ value string }
	boolNode    struct{ value bool }
	nullNode    struct{}
	paramNode   struct{ position int }
	dollarNode  struct{ name string } // $1 or $variable
	intervalLit struct{ text string }
	unaryNode   struct {
		op string
		x  node
	}
	binaryNode struct {
		op   string
		x, y node
		at   token
	}
	isNode struct {
		x    node
		what string // NULL, TRUE, FALSE
		not  bool
	}
	distinctNode struct {
		x, y node
		not  bool
	}
	betweenNode struct {
		x, low, high node
		not          bool
	}
	inNode struct {
		x     node
		list  []node
		query *query
		not   bool
	}
	likeNode struct {
		op         string // LIKE, ILIKE, RLIKE
		x          node
		patterns   []node
		escape     node
		quantifier string // "", ANY, ALL
		not        bool
	}
	caseNode struct {
		operand node
		whens   [][2]node
		other   node
	}
	castNode struct {
		x   node
		to  kindOf
		try bool
	}
	callNode struct {
		name      string
		at        token
		args      []node
		named     map[string]node
		distinct  bool
		star      bool
		within    []orderItem
		hasWithin bool
		over      *window
		nulls     string // IGNORE, RESPECT
		fromLast  bool
	}
	lambdaNode struct {
		params []ident
		types  []*kindOf
		body   node
	}
	arrayNode  struct{ items []node }
	objectNode struct {
		keys   []node
		values []node
	}
	indexNode struct{ x, index node }
	pathNode  struct {
		x   node
		key string
	}
	subqueryNode struct {
		query *query
		at    token
	}
	existsNode struct {
		query *query
		at    token
	}
	quantNode struct {
		op    string
		x     node
		query *query
		all   bool
		at    token
	}
	rowNode  struct{ items []node }
	starNode struct {
		qualifier []ident
		exclude   []ident
		rename    [][2]ident
		ilike     string
		replace   map[string]node
		at        token
	}
)

type orderItem struct {
	x     node
	desc  bool
	nulls string // FIRST, LAST or empty
}

type window struct {
	partition []node
	order     []orderItem
	frame     *frame
}

type frame struct {
	unit       string // ROWS, RANGE
	start, end edgeOf
}

type edgeOf struct {
	kind  string // UNBOUNDED PRECEDING, PRECEDING, CURRENT ROW, ...
	value node
}

type query struct {
	with      []cte
	recursive bool
	body      any // *selectNode, *setNode, *valuesNode, *query
	order     []orderItem
	limit     node
	offset    node
	orderAll  bool
}

type cte struct {
	name    ident
	columns []ident
	query   *query
}

type setNode struct {
	op          string // UNION, INTERSECT, EXCEPT
	all         bool
	left, right any
}

type valuesNode struct{ rows [][]node }

type selectNode struct {
	distinct bool
	top      node
	items    []selectItem
	from     []fromNode
	where    node
	group    []node
	groupAll bool
	having   node
	qualify  node
	at       token
}

type selectItem struct {
	x     node
	alias *ident
	star  *starNode
	text  string
}

// fromNode is an item of FROM.
type fromNode = any

type (
	tableRef struct {
		name    name
		alias   *ident
		columns []ident
	}
	derived struct {
		query   *query
		alias   *ident
		columns []ident
		lateral bool
	}
	valuesRef struct {
		values  *valuesNode
		alias   *ident
		columns []ident
	}
	tableFunc struct {
		call    *callNode
		alias   *ident
		columns []ident
		lateral bool
	}
	joinNode struct {
		kind        string // INNER, LEFT, RIGHT, FULL, CROSS
		natural     bool
		left, right fromNode
		on          node
		using       []ident
	}
)
