package expr

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/types"
)

// The words of the field that are functions of their own: each has a
// translation in vocabulary.
const (
	fnDaysAgo     = "days_ago"
	fnStartOf     = "start_of"
	fnAnniversary = "anniversary"
	fnPeriod      = "period"
	fnRank        = "rank"
	fnPercentile  = "percentile"
	fnNtile       = "ntile"
	fnQuintile    = "quintile"
	fnSample      = "sample"
	fnConsent     = "consent"
	fnEntered     = "entered_segment"
)

// vocabulary translates the words of the field; ok is false for other calls.
func (t *translator) vocabulary(x ast.Expr) (v value, ok bool) {
	switch x.AsCall().FunctionName() {
	case fnDaysAgo:
		return t.daysAgo(x), true
	case fnStartOf:
		return t.startOf(x), true
	case fnAnniversary:
		return t.anniversary(x), true
	case fnPeriod:
		return t.period(x), true
	case fnRank, fnPercentile, fnNtile, fnQuintile:
		return t.population(x), true
	case fnSample:
		return t.sample(x), true
	case fnConsent:
		return t.consent(x), true
	case fnEntered:
		return t.entered(x), true
	case fnSequence:
		return t.sequence(x), true
	}
	return value{}, false
}

// vocabularyFunctions declares the words of the field.
func vocabularyFunctions(add func(name string, opts ...decls.FunctionOpt)) {
	in := func(ts ...*types.Type) []*types.Type { return ts }
	text, number, at, span := types.StringType, types.IntType, types.TimestampType, types.DurationType
	add(fnDaysAgo,
		decls.Overload("days_ago_int", in(number), at),
		decls.Overload("days_ago_int_zone", in(number, text), at))
	add(fnStartOf,
		decls.Overload("start_of_unit", in(text), at),
		decls.Overload("start_of_unit_int", in(text, number), at),
		decls.Overload("start_of_unit_int_zone", in(text, number, text), at))
	add(fnAnniversary,
		decls.Overload("anniversary_time", in(at, span), types.BoolType),
		decls.Overload("anniversary_time_zone", in(at, span, text), types.BoolType))
	add(fnPeriod,
		decls.MemberOverload("time_period", in(at, text), number),
		decls.MemberOverload("time_period_zone", in(at, text, text), number))
	ranked := func(name string, result *types.Type, more ...*types.Type) {
		var opts []decls.FunctionOpt
		for _, of := range []*types.Type{number, types.DoubleType, at} {
			opts = append(opts, decls.Overload(name+"_"+of.TypeName(), append(in(of), more...), result))
		}
		add(name, opts...)
	}
	ranked(fnRank, number)
	ranked(fnPercentile, types.DoubleType)
	ranked(fnNtile, number, number)
	ranked(fnQuintile, number)
	add(fnSample,
		decls.Overload("sample_double", in(types.DoubleType), types.BoolType),
		decls.Overload("sample_double_salt", in(types.DoubleType, text), types.BoolType))
	add(fnEntered, decls.Overload("entered_segment_string", in(text), at))
	add(fnConsent, decls.Overload("consent_string", in(text), types.BoolType))
}

// constInt is an argument that must be a whole number known beforehand, within
// bounds; what names it in messages.
func (t *translator) constInt(x ast.Expr, what string, least, most int64) (int64, bool) {
	v := t.value(x)
	n, ok := v.konst.(types.Int)
	switch {
	case v.refused:
		return 0, false
	case !ok:
		t.refuse(x, what+" must be written out, or be a parameter", "")
		return 0, false
	case int64(n) < least || int64(n) > most:
		t.failAt(t.e.src.of(x), "cel-type", what+" is between "+strconv.FormatInt(least, 10)+" and "+strconv.FormatInt(most, 10), "")
		return 0, false
	}
	return int64(n), true
}

// constText is an argument that must be a text known beforehand.
func (t *translator) constText(x ast.Expr, what, help string) (string, bool) {
	v := t.value(x)
	s, ok := v.konst.(types.String)
	if !ok && !v.refused {
		t.refuse(x, what+" must be written out, or be a parameter", help)
	}
	return string(s), ok
}

// constWord is a constText out of a few.
func (t *translator) constWord(x ast.Expr, what string, words []string) (string, bool) {
	s, ok := t.constText(x, what, "")
	if ok && !slices.Contains(words, s) {
		help := suggest(s, words)
		if help == "" {
			help = "Choose one of " + quotedList(words) + "."
		}
		t.failAt(t.e.src.of(x), "cel-type", "there is no "+what+" "+strconv.Quote(s), help)
		return "", false
	}
	return s, ok
}

func quotedList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " and " + quoted[last]
}
