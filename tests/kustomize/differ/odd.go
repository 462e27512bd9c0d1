package main

import (
	"fmt"
	"math/rand"
	"strings"
)

// Texts of one object in YAML that nobody would write and that is YAML all the same, or nearly: tags, anchors, merge keys, comments
// everywhere, blocks and brackets in each other, words that look like something else. What to do with it is a kustomization of a
// few plain features.
type odd struct {
	*maker
	anchors []string
	// How merge keys are written here: a mapping with one in quotes and one that merges is another matter.
	merge string
}

// Mostly words that only look like something else; now and then what a plain scalar cannot be.
var (
	oddWords = []string{"a", "b", "x y", "8080", "0x1F", "010", "1e3", "1.0", "yes", "No", "y", "~", "null", "True", "2001-01-01", "1:30", "<<", "=", "é", "a-b", "a:b", "a#b",
		"12345678901234567890", "key=val", "$(x)", strings.Repeat("word ", 30), "0o14", "+1", ".5", "-", "a\nb", "a\n", "a\n\nb\n", "  a\n b", "a: b", "# a", "a ", ""}
	odderWords = []string{"0b11", "1_000", "-0", "OFF", "Null", ".inf", "-.Inf", ".nan", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43", "?", "-a", "?a", ":a", "a #b", "@a",
		"`a", "%a", "!a", "&a", "*a", "|", ">", "{a", "[a", "a]", "a}", "a,b", ",", "\"", "'", "日本", "😀", "  ", " a", "a\tb", "\ta", "\na", "a\n\nb\n\n", "#", "---", "...",
		"--- a", "\u2028", "\u00a0", "\x7f", "\x01", "a\\b", "1234567890123456789", "1e400", "1e-400", "1.", "00", "08", "0x", "1__0", "+", ".", "..", "nan", "Infinity",
		"0x1p3", "190:20:30", "!!str", strings.Repeat("x", 90), "a: ", ": ", "null ", "$x", "${x}", "\\", "a/b"}
)

func (o *odd) text() string {
	if o.chance(90) {
		return o.one(oddWords...)
	}
	text := o.one(odderWords...)
	if o.chance(20) {
		text += o.one("", " ", "\n", "-", ":", "#") + o.one(odderWords...)
	}
	return text
}

func doubleQuoted(r *rand.Rand, text string) string {
	var out strings.Builder
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			out.WriteString("\\" + string(c))
		case c == '\n':
			out.WriteString("\\n")
		case c < ' ' || c == 0x7f || (c > 0x7f && c < 0x10000 && r.Intn(3) == 0):
			fmt.Fprintf(&out, "\\u%04x", c)
		case r.Intn(80) == 0:
			out.WriteString(string(c) + "\\\n      ")
		default:
			out.WriteRune(c)
		}
	}
	return "\"" + out.String() + "\""
}

func (o *odd) comment(percent int) string {
	if !o.chance(percent) {
		return ""
	}
	return o.one(" # c", "  # x: y", " #", "  # \"q", " # é")
}

// Lines of comments, and empty ones.
func (o *odd) lines(indent int) string {
	out := ""
	for o.chance(12) {
		pad := strings.Repeat(" ", indent)
		out += o.one("\n", pad+"# c\n", pad+"# a: b\n", "# zero\n", pad+"  # deep\n", pad+"#\n", "\t# t\n")
	}
	return out
}

// With the anchor, which can be referred to once its value is whole: a value within itself takes the reference all memory.
func (o *odd) properties(tags ...string) (string, string) {
	anchor, tag, name := "", "", ""
	if o.chance(5) {
		name = o.one("a", "b", "x1", "é", "a-b")
		anchor = "&" + name + " "
	}
	if o.chance(6) {
		tag = o.one(append(tags, "!x ", "! ", "!!set ")...)
	}
	if o.chance(50) {
		return tag + anchor, name
	}
	return anchor + tag, name
}

func (o *odd) whole(anchor string) {
	if anchor != "" {
		o.anchors = append(o.anchors, anchor)
	}
}

func (o *odd) scalar() string {
	if len(o.anchors) > 0 && o.chance(6) {
		return "*" + o.one(o.anchors...) + " "
	}
	text := o.text()
	properties, anchor := o.properties("!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!!binary ", "!!timestamp ", "!!foo ")
	o.whole(anchor)
	switch o.Intn(4) {
	case 0:
		return properties + doubleQuoted(o.Rand, text)
	case 1:
		return properties + "'" + strings.NewReplacer("'", "''", "\n", " ").Replace(text) + "'"
	}
	if strings.Contains(text, "\n") {
		return properties + doubleQuoted(o.Rand, text)
	}
	return properties + text
}

func (o *odd) key() string {
	key := strings.ReplaceAll(o.scalar(), "\n", " ")
	if strings.Contains(key, "<<") {
		return o.merge
	}
	return key
}

// A merge key merges something plain: how merge keys within each other come out is another matter.
func (o *odd) merged() string {
	if len(o.anchors) > 0 && o.chance(60) {
		return "*" + o.one(o.anchors...) + " "
	}
	return o.one("{e: f}", "{e: f, e: g}", "[{e: f}, {a: 1}]", "x", "{}")
}

// In brackets, or a scalar.
func (o *odd) flow(depth int) string {
	if depth <= 0 || o.chance(50) {
		return o.scalar()
	}
	space := func() string { return o.one("", " ", "\n        ", "  ") }
	var items []string
	list := o.chance(50)
	for i := o.Intn(4); i > 0; i-- {
		item := o.flow(depth - 1)
		if !list || o.chance(10) {
			key := o.key()
			if key == o.merge {
				item = o.merged()
			}
			item = o.one("", "", "", "? ") + key + o.one(": ", ": ", ":", " : ", "") + item
		}
		items = append(items, item)
	}
	properties, anchor := o.properties("!!map ", "!!seq ", "!!str ")
	o.whole(anchor)
	inner := space() + strings.Join(items, o.one(", ", ", ", ",")) + o.one("", "", ",") + space()
	if list {
		return properties + "[" + inner + "]"
	}
	return properties + "{" + inner + "}"
}

func (o *odd) blockScalar(indent int) string {
	text := o.text()
	if o.chance(60) {
		text += "\n" + o.text()
	}
	out, anchor := o.properties("!!str ")
	o.whole(anchor)
	out += o.one("|", "|", ">") + o.one("", "", "-", "+") + o.comment(10) + "\n"
	for _, line := range strings.Split(text, "\n") {
		if line != "" || o.chance(30) {
			out += strings.Repeat(" ", indent+2)
		}
		out += line + "\n"
	}
	return out + o.one("", "", "", "\n", "\n\n")
}

// What is behind a colon or a dash, to the end of its last line.
func (o *odd) value(depth, indent int) string {
	switch kind := o.Intn(20); {
	case depth <= 0 || kind < 7:
		return " " + o.scalar() + o.comment(10) + "\n"
	case kind < 9:
		return " " + o.blockScalar(indent)
	case kind < 12:
		return " " + o.flow(2) + o.comment(10) + "\n"
	case kind < 13:
		return o.one("", " ~", " # c", " !!str", " &a", " \"\"") + "\n"
	}
	properties, anchor := o.properties("!!map ", "!!seq ")
	out := strings.TrimRight(" "+properties, " ") + o.comment(10) + "\n"
	if o.chance(60) {
		out += o.mapping(depth-1, indent+[]int{2, 2, 2, 1, 4}[o.Intn(5)])
	} else {
		out += o.list(depth-1, indent+2)
	}
	o.whole(anchor)
	return out
}

func (o *odd) mapping(depth, indent int) string {
	out := ""
	for i := o.Intn(4); i >= 0; i-- {
		key := o.one("a", "b", "c", "d", "name", "x", "env", "image", "i j", "\"k\"", "8x")
		if o.chance(10) {
			key = o.one(o.key(), o.merge, "8080", "? a", "? [a]")
		}
		out += o.lines(indent) + strings.Repeat(" ", indent) + key + o.one("", "", "", " ") + ":"
		if key == o.merge {
			out += " " + o.merged() + "\n"
		} else {
			out += o.value(depth, indent)
		}
	}
	return out + o.lines(indent)
}

func (o *odd) list(depth, indent int) string {
	out := ""
	for i := o.Intn(3); i >= 0; i-- {
		out += o.lines(indent) + strings.Repeat(" ", indent) + "-" + o.value(depth, indent)
	}
	return out + o.lines(indent)
}

func (o *odd) podTemplate() string {
	out := "  template:\n    metadata:" + o.one("\n      labels: {a: b}\n", " {}\n", " # m\n      annotations:\n        a.b: c # d\n") + "    spec:\n      containers:\n"
	names := []string{"c", "d", "e"}
	for _, i := range o.Perm(3)[:1+o.Intn(3)] {
		out += o.lines(6) + "      - name: " + names[i] + o.comment(20) + "\n"
		if o.chance(70) {
			out += o.lines(8) + "        image: " + o.one("nginx", "nginx:1", "\"a\"", "reg/nginx@sha256:12", "a # c", "'nginx:1.0'", ">-\n          nginx:1", "&i nginx:3") + "\n"
		}
		if o.chance(50) {
			out += "        env:\n        - name: A\n          value:" + o.value(0, 10) + o.lines(8) + "        - name: B\n          value:" + o.value(0, 10)
		}
		if o.chance(30) {
			out += "        args:" + o.value(1, 8)
		}
	}
	return out
}

func (o *odd) object() string {
	out := o.one("", "", "", "", "", "", "%YAML 1.1\n---\n", "--- # c\n", "---\n", "# head\n\n") + o.lines(0)
	out += o.one("apiVersion: example.org/v1\nkind: W", "apiVersion: v1\nkind: ConfigMap", "apiVersion: apps/v1\nkind: Deployment") + "\nmetadata:\n  name: w\n" + o.lines(0)
	if o.chance(40) {
		out += "spec:\n  a:" + o.value(1, 2) + o.lines(2) + o.podTemplate()
	} else {
		out += "spec:" + o.value(3, 0)
	}
	if o.chance(30) {
		out += "data:" + o.value(2, 0)
	}
	out += o.lines(0)
	if o.chance(6) {
		out += o.one("...\n", "---\n", "... # c\n---\n", "---\n---\n", "...\n# c\n")
	}
	if o.chance(5) {
		out = strings.ReplaceAll(out, "\n", "\r\n")
	}
	return out
}

var oddFeatures = []string{"namePrefix: x-\n", "nameSuffix: -y\n", "namespace: ns\n", "commonLabels: {l: m}\n", "commonAnnotations: {k: v}\n",
	"labels:\n- pairs: {l: m}\n  includeTemplates: true\n", "images:\n- {name: nginx, newTag: '2'}\n- {name: a, newName: b}\n", "replicas:\n- {name: w, count: 3}\n",
	"sortOptions: {order: legacy}\n", "buildMetadata: [managedByLabel, originAnnotations]\n", "configMapGenerator:\n- {name: g, files: [r.yaml]}\n"}

var oddMerges = []string{"spec: {a: {b: c}, x: [1], name: null}", "spec: {template: {spec: {containers: [{name: c, image: z, env: [{name: A, value: '2'}]}]}}}",
	"spec: {template: {spec: {containers: [{name: c, $patch: delete}]}}}", "spec: {$patch: replace, a: b}", "data: {a: '1', b: null}", "spec: null",
	"spec: {template: {spec: {containers: [{name: c, args: [a], $deleteFromPrimitiveList/args: [b]}]}}}"}

var oddOperations = []string{"{op: add, path: /spec/a, value: {q: r}}", "{op: add, path: /metadata/x, value: '1'}", "{op: remove, path: /spec}", "{op: copy, from: /spec, path: /x}",
	"{op: move, from: /spec, path: /data}", "{op: add, path: /spec/template/spec/containers/-, value: {name: z}}"}

func (o *odd) patch() string {
	if o.chance(50) {
		return "- target: {name: w}\n  patch: |\n    - " + o.one(oddOperations...) + "\n"
	}
	return "- target: {name: w}\n  patch: |\n    apiVersion: any\n    kind: any\n    metadata: {name: any}\n    " + o.one(oddMerges...) + "\n"
}

func (o *odd) replacement() string {
	return "- source: {name: w, fieldPath: " + o.one("metadata.name", "spec.a", "data.a", "spec.template.spec.containers.0.image") + "}\n  targets:\n  - select: {name: w}\n    fieldPaths: [\"" +
		o.one("spec.x.y", "data.b", "spec.template.spec.containers.[name=c].image", "spec.template.spec.containers.*.args") + "\"]\n    options: {create: true}\n"
}

func (o *odd) kustomization() string {
	out := "resources: [r.yaml]\n"
	for _, i := range o.Perm(len(oddFeatures))[:o.Intn(3)] {
		out += oddFeatures[i]
	}
	if o.chance(40) {
		out += "patches:\n" + o.patch()
	}
	if o.chance(20) {
		out += "replacements:\n" + o.replacement()
	}
	return out
}

func oddTree(r *rand.Rand) *tree {
	g := &maker{Rand: r}
	return &tree{target: ".", files: map[string]*file{
		"kustomization.yaml": {text: (&odd{maker: g}).kustomization()},
		"r.yaml":             {text: (&odd{maker: g, merge: g.one("<<", "\"<<\"")}).object()},
	}}
}
