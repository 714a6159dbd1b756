package main

import (
	"strings"
	"unicode/utf8"
)

// skip gives the end of the string, quoted name or comment that begins at a byte
// of GoogleSQL, or that byte where none does.
func skip(s string, i int) int {
	switch {
	case s[i] == '#' || strings.HasPrefix(s[i:], "--"):
		if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
			return i + n
		}
		return len(s)
	case strings.HasPrefix(s[i:], "/*"):
		if n := strings.Index(s[i:], "*/"); n >= 0 {
			return i + n + 2
		}
		return len(s)
	case s[i] == '\'' || s[i] == '"' || s[i] == '`':
		mark := s[i : i+1]
		if t := strings.Repeat(mark, 3); mark != "`" && strings.HasPrefix(s[i:], t) {
			mark = t
		}
		// In a raw string too a backslash keeps a quote from being the end.
		for k := i + len(mark); k < len(s); k++ {
			if s[k] == '\\' {
				k++
			} else if strings.HasPrefix(s[k:], mark) {
				return k + len(mark)
			}
		}
		return len(s)
	}
	return i
}

// statementEnd is behind the semicolon that ends the statement at a byte.
func statementEnd(s string, i int) int {
	for i < len(s) {
		if n := skip(s, i); n > i {
			i = n
			continue
		}
		i++
		if s[i-1] == ';' {
			break
		}
	}
	return i
}

// blank says that there is nothing but space and comments.
func blank(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '\'' || s[i] == '"' || s[i] == '`' {
			return false
		}
		if n := skip(s, i); n > i {
			i = n - 1
		} else if !strings.ContainsRune(" \t\r\n;", rune(s[i])) {
			return false
		}
	}
	return true
}

// position is the line and the column of a byte, from 1.
func position(s string, i int) (line, column int) {
	begin := strings.LastIndexByte(s[:i], '\n') + 1
	return strings.Count(s[:i], "\n") + 1, utf8.RuneCountInString(s[begin:i]) + 1
}

func letter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// arguments splits what is between the bracket at a byte and its counterpart,
// behind which it ends.
func arguments(s string, open int) (args []string, end int, ok bool) {
	depth, from := 0, open+1
	for i := open; i < len(s); i++ {
		if n := skip(s, i); n > i {
			i = n - 1
			continue
		}
		switch s[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				if last := s[from:i]; len(args) > 0 || strings.TrimSpace(last) != "" {
					args = append(args, last)
				}
				return args, i + 1, true
			}
		case ',':
			if depth == 1 {
				args, from = append(args, s[from:i]), i+1
			}
		}
	}
	return nil, 0, false
}

// expand puts the bodies of SQL functions in the place of their calls: a WITH
// expression, in which each argument is computed once.
func expand(s string, routines map[string]*routine) string {
	if len(routines) == 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if n := skip(s, i); n > i {
			b.WriteString(s[i:n])
			i = n
			continue
		}
		if !letter(s[i]) {
			b.WriteByte(s[i])
			i++
			continue
		}
		end := i
		for end < len(s) && letter(s[end]) {
			end++
		}
		word := s[i:end]
		r := routines[strings.ToLower(word)]
		if r == nil || r.js || end == len(s) || s[end] != '(' || i > 0 && s[i-1] == '.' {
			b.WriteString(word)
			i = end
			continue
		}
		args, after, ok := arguments(s, end)
		if !ok {
			b.WriteString(word)
			i = end
			continue
		}
		for k, a := range args {
			args[k] = expand(a, routines)
		}
		b.WriteString(r.call(args))
		i = after
	}
	return b.String()
}
