package main

import (
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
)

// Trees that somebody wrote: the inputs of cases in the layout of tests/kustomize/cases.
type corpus []*tree

// Links are left out: what a mutation makes of a case need not be what the case was about.
func readTree(dir, target string) (*tree, error) {
	t := &tree{files: map[string]*file{}, target: target}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		t.files[name] = &file{text: string(text)}
		return err
	})
	return t, err
}

func readCorpus(dir string) (corpus, error) {
	table, err := os.ReadFile(filepath.Join(dir, "cases.tsv"))
	if err != nil {
		return nil, err
	}
	var cases corpus
	for _, line := range strings.Split(string(table), "\n")[1:] {
		columns := strings.Split(line, "\t")
		if len(columns) < 2 {
			continue
		}
		t, err := readTree(filepath.Join(dir, columns[0]), columns[1])
		if err != nil {
			return nil, err
		}
		delete(t.files, "expected.yaml")
		if len(t.files) > 0 {
			cases = append(cases, t)
		}
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("%s: cases.tsv names no case", dir)
	}
	return cases, nil
}

var marks = []string{":", "-", "{", "}", "[", "]", ",", "&a ", "*a", "#", " #", "? ", "|", ">", "|-\n", ">+\n", "'", "\"", "%", "@", "!", "!!str ", "`", "\n", "\n\n", "\t", " ",
	"  ", "---\n", "\n---\n", "\n...\n", "\r\n", "\\", "~", "<<: ", ": ", "- ", "\u0085", "\u2028", "\ufeff", "$", "(", ")", "*", "=", "\x00", "é", "\xff"}

func (g *maker) fileOf(t *tree) *file {
	names := t.names()
	return t.files[names[g.Intn(len(names))]]
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// Where the block ends that begins at a line: it and what is further in.
func block(lines []string, from int) int {
	to := from + 1
	for to < len(lines) && (strings.TrimSpace(lines[to]) == "" || indent(lines[to]) > indent(lines[from])) {
		to++
	}
	return to
}

func splice(lines []string, from, to int, more ...string) []string {
	return append(append(append([]string{}, lines[:from]...), more...), lines[to:]...)
}

// The line with another value behind its key or dash.
func (g *maker) revalue(line string) string {
	at := strings.Index(line, ": ")
	if at < 0 {
		at = strings.Index(line, "- ")
	}
	if at < 0 {
		return line
	}
	value := g.one("", "null", "{}", "[]", "''", "x", "1", "1.50", "true", "yes", "0x1F", "a: b", "[a, b]", "{a: b}", "- a", "|", "*a", "&a b", "!!int 3", "!!str 3", "2001-01-01",
		"\"a\\nb\"", "'a''b'", "1e3", ".inf", "~", "a #b", "\"\\u0085\"", encodedText(g.text()))
	return line[:at+2] + value
}

func encodedText(text string) string { return strings.TrimSuffix(encode(text), "\n") }

// One change of some lines of a file.
func (g *maker) mutateLines(lines []string, all corpus) []string {
	from := g.Intn(len(lines))
	to := block(lines, from)
	switch g.Intn(14) {
	case 0:
		return splice(lines, from, from+1)
	case 1:
		return splice(lines, from, to)
	case 2:
		return splice(lines, from, from, lines[from:to]...)
	case 3:
		if from+1 < len(lines) {
			return splice(lines, from, from+2, lines[from+1], lines[from])
		}
	case 4, 5, 6:
		return splice(lines, from, from+1, g.revalue(lines[from]))
	case 7:
		return splice(lines, from, from+1, lines[from]+g.one(" # beside", "#x", " ", "  \t", ":", ",", " |", "\r"))
	case 8:
		return splice(lines, from, from, strings.Repeat(" ", indent(lines[from]))+g.one("# above", "#", "", "  # further in", "- x", "x: y", "? x", "name: x"))
	case 9:
		shift := g.one(" ", "  ", "\t")
		if g.chance(50) {
			return splice(lines, from, from+1, strings.TrimPrefix(lines[from], shift))
		}
		return splice(lines, from, from+1, shift+lines[from])
	case 10:
		other := strings.Split(g.fileOf(all[g.Intn(len(all))]).text, "\n")
		start := g.Intn(len(other))
		return splice(lines, from, from, other[start:block(other, start)]...)
	case 11:
		line := lines[from]
		at := g.Intn(len(line) + 1)
		return splice(lines, from, from+1, line[:at]+g.one(marks...)+line[at:])
	case 12:
		if line := lines[from]; len(line) > 0 {
			at := g.Intn(len(line))
			return splice(lines, from, from+1, line[:at]+line[at+1:])
		}
	default:
		// A block moves.
		moved := append([]string{}, lines[from:to]...)
		rest := splice(lines, from, to)
		at := g.Intn(len(rest) + 1)
		return splice(rest, at, at, moved...)
	}
	return lines
}

// A case with one to three changes.
func (all corpus) mutate(r *rand.Rand) *tree {
	g := &maker{Rand: r}
	t := all[r.Intn(len(all))].copy()
	for i := r.Intn(3); i >= 0; i-- {
		f := g.fileOf(t)
		if len(f.text) > 0 {
			f.text = strings.Join(g.mutateLines(strings.Split(f.text, "\n"), all), "\n")
		}
	}
	return t
}
