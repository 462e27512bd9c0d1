// Holds `plumb render` against the reference renderer on random but plausible kustomization trees: both must refuse a tree, or
// both must accept it and give the same bytes. What differs is shrunk to a small tree and kept.
//
//	differ -plumb build/release/plumb [-from CASES | -odd] [-count 1000] [-seed 1] [-keep DIR] [-stop 5]
//
// With -from a tree is one of the cases of that folder with a few lines changed; with -odd it is an object in odd YAML.
// A tree is known by its seed: `-seed N -count 1` makes it again. The reference is the library that `kustomize build` runs.
// Exit 1 where anything differed; the last line counts.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

func ours(plumb, dir string) answer {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, plumb, "render", "-k", dir)
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	err := command.Run()
	if err == nil {
		return answer{Out: out.Bytes()}
	}
	var exit *exec.ExitError
	refused := errors.As(err, &exit) && exit.ExitCode() == 4 && problems.Len() > 0
	return answer{Refused: refused, Crashed: !refused, Err: err.Error() + "\n" + problems.String()}
}

// What is different, or "".
func compare(theirs, mine answer) string {
	switch {
	case mine.Crashed:
		return "crash"
	case theirs.Refused && !mine.Refused:
		return "accepted"
	case !theirs.Refused && mine.Refused:
		return "refused"
	case !bytes.Equal(theirs.Out, mine.Out):
		return "differs"
	}
	return ""
}

type judge struct {
	plumb     string
	dir       string
	reference reference
}

func (j *judge) write(t *tree) {
	if err := os.RemoveAll(j.dir); err != nil {
		panic(err)
	}
	if err := t.write(j.dir); err != nil {
		panic(err)
	}
}

func (j *judge) refuses(t *tree) bool {
	j.write(t)
	return j.reference.ask(filepath.Join(j.dir, t.target), t).Refused
}

func (j *judge) verdict(t *tree) (string, answer, answer) {
	j.write(t)
	target := filepath.Join(j.dir, t.target)
	theirs, mine := j.reference.ask(target, t), ours(j.plumb, target)
	return compare(theirs, mine), theirs, mine
}

// A tree, mostly one that the reference accepts: what it does not like is taken out, a random entry at a time.
func (j *judge) plausible(r *rand.Rand) *tree {
	t := generate(r)
	if r.Intn(100) < 15 {
		return t
	}
	for tries := 0; tries < 60; tries++ {
		if !j.refuses(t) {
			break
		}
		t = prune(r, t)
	}
	return t
}

// What the reference refuses is mostly dropped for another one.
func (j *judge) accepted(next func() *tree, r *rand.Rand) *tree {
	for tries := 0; ; tries++ {
		t := next()
		if tries == 4 || r.Intn(100) < 20 || !j.refuses(t) {
			return t
		}
	}
}

func keep(dir string, seed int64, kind string, t *tree, theirs, mine answer) {
	place := filepath.Join(dir, fmt.Sprintf("%s-%d", kind, seed))
	if err := os.RemoveAll(place); err != nil {
		panic(err)
	}
	if err := t.write(filepath.Join(place, "in")); err != nil {
		panic(err)
	}
	for name, content := range map[string][]byte{
		"expected.yaml": theirs.Out, "actual.yaml": mine.Out, "expected.err": []byte(theirs.Err), "actual.err": []byte(mine.Err),
		"target": []byte(t.target + "\n"),
	} {
		if len(content) > 0 {
			if err := os.WriteFile(filepath.Join(place, name), content, 0o644); err != nil {
				panic(err)
			}
		}
	}
}

func main() {
	plumb := flag.String("plumb", "build/release/plumb", "the program under test")
	count := flag.Int64("count", 1000, "how many trees")
	seed := flag.Int64("seed", 1, "of the first tree")
	keepDir := flag.String("keep", "", "where to keep what differs")
	stop := flag.Int("stop", 10, "end after this many differences")
	why := flag.Bool("why", false, "say why the reference refuses a tree")
	show := flag.Bool("show", false, "print the tree of -seed and end")
	from := flag.String("from", "", "a folder of cases, to change instead of making trees")
	odd := flag.Bool("odd", false, "make objects in odd YAML instead of trees")
	server := flag.Bool("serve", false, "be the reference of another one of these")
	flag.Parse()
	if *server {
		serve()
		return
	}

	// What a changed tree names as remote is asked for nowhere.
	program, err := filepath.Abs(*plumb)
	if err != nil {
		panic(err)
	}
	os.Setenv("PATH", "/nonexistent")
	os.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	os.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	next := func(j *judge, r *rand.Rand) *tree { return j.plausible(r) }
	if *odd {
		next = func(j *judge, r *rand.Rand) *tree { return j.accepted(func() *tree { return oddTree(r) }, r) }
	} else if *from != "" {
		cases, err := readCorpus(*from)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		next = func(j *judge, r *rand.Rand) *tree { return j.accepted(func() *tree { return cases.mutate(r) }, r) }
	}
	work, err := os.MkdirTemp("", "plumb-differ.")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(work)
	if *keepDir == "" {
		*keepDir = filepath.Join(work, "keep")
	}
	j := &judge{plumb: program, dir: filepath.Join(work, "tree")}
	if *show {
		next(j, rand.New(rand.NewSource(*seed))).print(os.Stdout)
		return
	}
	found := map[string]int{}
	rendered, refused, bad := 0, 0, 0
	start := time.Now()
	for i := *seed; i < *seed+*count && bad < *stop; i++ {
		t := next(j, rand.New(rand.NewSource(i)))
		kind, theirs, mine := j.verdict(t)
		if kind == "" {
			if theirs.Refused {
				refused++
				if *why {
					fmt.Printf("seed %d: %s\n", i, firstLine(theirs.Err))
				}
			} else {
				rendered++
			}
			continue
		}
		bad++
		found[kind]++
		small := shrink(t, func(candidate *tree) bool {
			now, _, _ := j.verdict(candidate)
			return now == kind
		})
		kind, theirs, mine = j.verdict(small)
		keep(*keepDir, i, kind, small, theirs, mine)
		fmt.Printf("--- seed %d: %s\n", i, kind)
		small.print(os.Stdout)
		fmt.Printf("--- reference: %s%s\n--- plumb: %s%s\n", firstLine(theirs.Err), clip(theirs.Out), firstLine(mine.Err), clip(mine.Out))
	}
	var kinds []string
	for kind, n := range found {
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, n))
	}
	sort.Strings(kinds)
	fmt.Printf("%d trees in %.0f s: equal %d, refused by both %d, different %d %s\n",
		rendered+refused+bad, time.Since(start).Seconds(), rendered, refused, bad, strings.Join(kinds, ", "))
	if bad > 0 {
		os.Exit(1)
	}
}

func firstLine(text string) string {
	text, _, _ = strings.Cut(text, "\ngoroutine")
	if len(text) > 600 {
		text = text[:600] + "..."
	}
	return text
}

func clip(out []byte) string {
	if len(out) > 3000 {
		return "\n" + string(out[:3000]) + "..."
	}
	return "\n" + string(out)
}
