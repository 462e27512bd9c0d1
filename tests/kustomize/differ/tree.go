package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A tree of files. A file is YAML documents, or text as it is.
type tree struct {
	files  map[string]*file
	target string
}

type file struct {
	documents []*yaml.Node
	text      string
}

func (f *file) bytes() []byte {
	if f.documents == nil {
		return []byte(f.text)
	}
	var out bytes.Buffer
	for i, document := range f.documents {
		if i > 0 {
			out.WriteString("---\n")
		}
		encoder := yaml.NewEncoder(&out)
		encoder.SetIndent(2)
		if err := encoder.Encode(document); err != nil {
			panic(err)
		}
		_ = encoder.Close()
	}
	return out.Bytes()
}

func (t *tree) names() []string {
	var names []string
	for name := range t.files {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (t *tree) write(dir string) error {
	for _, name := range t.names() {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, t.files[name].bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) print(out io.Writer) {
	for _, name := range t.names() {
		fmt.Fprintf(out, "=== %s\n%s", name, t.files[name].bytes())
	}
	fmt.Fprintf(out, "=== target: %s\n", t.target)
}

func (t *tree) copy() *tree {
	c := &tree{files: map[string]*file{}, target: t.target}
	for name, f := range t.files {
		g := &file{text: f.text}
		for _, document := range f.documents {
			g.documents = append(g.documents, copyNode(document))
		}
		c.files[name] = g
	}
	return c
}

func copyNode(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = nil
	for _, item := range n.Content {
		c.Content = append(c.Content, copyNode(item))
	}
	return &c
}

// Removes what can be removed while the tree still shows the difference: files, documents, then keys and items from the outside in.
func shrink(t *tree, shows func(*tree) bool) *tree {
	budget := 3000
	try := func(candidate *tree) bool {
		budget--
		return budget > 0 && shows(candidate)
	}
	for again := true; again && budget > 0; {
		again = false
		for _, name := range t.names() {
			candidate := t.copy()
			delete(candidate.files, name)
			if try(candidate) {
				t, again = candidate, true
				continue
			}
			if t.files[name].documents == nil {
				var changed bool
				t, changed = shrinkText(t, name, try)
				again = again || changed
			}
			for i := len(t.files[name].documents) - 1; i >= 0; i-- {
				if len(t.files[name].documents) > 1 {
					candidate = t.copy()
					documents := candidate.files[name].documents
					candidate.files[name].documents = append(documents[:i:i], documents[i+1:]...)
					if try(candidate) {
						t, again = candidate, true
						continue
					}
				}
				var changed bool
				t, changed = shrinkNode(t, name, i, nil, try)
				again = again || changed
			}
		}
	}
	return t
}

// Without the lines that can go, a half of them at a time, then a quarter, down to one.
func shrinkText(t *tree, name string, try func(*tree) bool) (*tree, bool) {
	changed := false
	lines := strings.SplitAfter(t.files[name].text, "\n")
	for size := (len(lines) + 1) / 2; size > 0; size /= 2 {
		for from := len(lines) - size; from >= 0; from -= size {
			fewer := append(lines[:from:from], lines[from+size:]...)
			candidate := t.copy()
			candidate.files[name].text = strings.Join(fewer, "")
			if try(candidate) {
				t, lines, changed = candidate, fewer, true
			}
		}
	}
	return t, changed
}

// Without one entry of one kustomization, or one document of another file.
func prune(r *rand.Rand, t *tree) *tree {
	c := t.copy()
	names := c.names()
	f := c.files[names[r.Intn(len(names))]]
	if len(f.documents) == 0 {
		return c
	}
	if len(f.documents) > 1 {
		i := r.Intn(len(f.documents))
		f.documents = append(f.documents[:i:i], f.documents[i+1:]...)
		return c
	}
	n := f.documents[0]
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		return c
	}
	i := r.Intn(len(n.Content)/2) * 2
	switch key, value := n.Content[i].Value, n.Content[i+1]; {
	case key == "apiVersion" || key == "kind" || key == "metadata":
	case value.Kind == yaml.SequenceNode && len(value.Content) > 1:
		at := r.Intn(len(value.Content))
		value.Content = append(value.Content[:at:at], value.Content[at+1:]...)
	case key != "resources":
		n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
	}
	return c
}

func at(t *tree, name string, document int, path []int) *yaml.Node {
	n := t.files[name].documents[document]
	for _, i := range path {
		n = n.Content[i]
	}
	return n
}

func shrinkNode(t *tree, name string, document int, path []int, try func(*tree) bool) (*tree, bool) {
	changed := false
	step := 1
	if at(t, name, document, path).Kind == yaml.MappingNode {
		step = 2
	}
	for i := len(at(t, name, document, path).Content) - step; i >= 0; i -= step {
		candidate := t.copy()
		n := at(candidate, name, document, path)
		n.Content = append(n.Content[:i:i], n.Content[i+step:]...)
		if n.Kind != yaml.DocumentNode && try(candidate) {
			t, changed = candidate, true
			continue
		}
		below := append(append([]int{}, path...), i+step-1)
		var deeper bool
		t, deeper = shrinkNode(t, name, document, below, try)
		changed = changed || deeper
	}
	return t, changed
}
