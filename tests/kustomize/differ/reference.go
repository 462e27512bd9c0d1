package main

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"syscall"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

type answer struct {
	Out     []byte
	Err     string
	Refused bool
	Crashed bool
}

// As `kustomize build` runs it.
func build(dir string) (got answer) {
	defer func() {
		// A panic of the reference is a refusal: no bytes come of it.
		if trouble := recover(); trouble != nil {
			got = answer{Refused: true, Err: fmt.Sprintf("panic: %v\n%s", trouble, debug.Stack())}
		}
	}()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	options.PluginConfig = types.DisabledPluginConfig()
	built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return answer{Refused: true, Err: err.Error()}
	}
	out, err := built.AsYaml()
	if err != nil {
		return answer{Refused: true, Err: err.Error()}
	}
	// The label of managedByLabel tells which program has the library in it.
	return answer{Out: bytes.ReplaceAll(out, []byte("kustomize-(devel)"), []byte("kustomize-v5.8.1"))}
}

// It follows some trees until all memory is gone.
const memory = 6 << 30

// What the other end of a reference does: directories in, answers out.
func serve() {
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: memory, Max: memory}); err != nil {
		panic(err)
	}
	questions, answers := gob.NewDecoder(os.Stdin), gob.NewEncoder(os.Stdout)
	for {
		var dir string
		if questions.Decode(&dir) != nil {
			return
		}
		if err := answers.Encode(build(dir)); err != nil {
			panic(err)
		}
	}
}

// The reference in a process of its own: some of its errors end the process, and a schema that a tree brings stays for those that
// follow.
type reference struct {
	command   *exec.Cmd
	stdin     io.WriteCloser
	complaint bytes.Buffer
	questions *gob.Encoder
	answers   *gob.Decoder
}

func (r *reference) start() {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	r.command = exec.Command(self, "-serve")
	r.complaint.Reset()
	r.command.Stderr = &r.complaint
	in, err := r.command.StdinPipe()
	if err != nil {
		panic(err)
	}
	out, err := r.command.StdoutPipe()
	if err != nil {
		panic(err)
	}
	if err := r.command.Start(); err != nil {
		panic(err)
	}
	r.stdin, r.questions, r.answers = in, gob.NewEncoder(in), gob.NewDecoder(out)
}

func (r *reference) stop() {
	_ = r.stdin.Close()
	_ = r.command.Wait()
	r.command = nil
}

func (r *reference) ask(dir string, t *tree) answer {
	if r.command == nil {
		r.start()
	}
	var got answer
	err := r.questions.Encode(dir)
	if err == nil {
		err = r.answers.Decode(&got)
	}
	if err != nil {
		r.stop()
		complaints := strings.Split(strings.TrimSpace(r.complaint.String()), "\n")
		return answer{Refused: true, Err: "the process ended: " + complaints[len(complaints)-1]}
	}
	if t.mentions("openapi") {
		r.stop()
	}
	return got
}

// In a text that is there as it was written.
func (t *tree) mentions(word string) bool {
	for _, f := range t.files {
		if f.documents == nil && strings.Contains(strings.ToLower(f.text), word) {
			return true
		}
	}
	return false
}
