package expr

import "github.com/google/cel-go/common/ast"

// warn is filled below.
func (c *compiler) warn(e *expression) { _ = ast.Expr(nil); _ = e }
