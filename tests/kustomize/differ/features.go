package main

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The fields of a kustomization, each with how often it is there.
var features = []struct {
	percent int
	make    func(g *maker, dir string) pairs
}{
	{20, func(g *maker, _ string) pairs { return m("namespace", g.one(namespaces...)) }},
	{20, func(g *maker, _ string) pairs { return m("namePrefix", g.one("pre-", "a-", "dev.")) }},
	{15, func(g *maker, _ string) pairs { return m("nameSuffix", g.one("-suf", "-v1")) }},
	{15, func(g *maker, _ string) pairs { return m("commonLabels", g.labels()) }},
	{15, func(g *maker, _ string) pairs { return m("commonAnnotations", g.strings(3)) }},
	{15, labels},
	{25, patches},
	{8, patchesStrategicMerge},
	{6, patchesJson6902},
	{15, images},
	{8, replicas},
	{20, replacements},
	{6, vars},
	{15, func(g *maker, dir string) pairs { return generators(g, dir, "configMapGenerator") }},
	{10, func(g *maker, dir string) pairs { return generators(g, dir, "secretGenerator") }},
	{8, func(g *maker, _ string) pairs { return m("generatorOptions", g.options()) }},
	{5, configurations},
	{6, plugins},
	{5, func(g *maker, _ string) pairs {
		return m("buildMetadata", []any{g.one("managedByLabel", "originAnnotations", "transformerAnnotations")})
	}},
	{6, func(g *maker, _ string) pairs {
		if g.chance(50) {
			return m("sortOptions", m("order", g.one("fifo", "legacy")))
		}
		return m("sortOptions", m("order", "legacy", "legacySortOptions", m("orderFirst", []any{"Service", "Namespace"}, "orderLast", []any{"ConfigMap"})))
	}},
	{2, func(g *maker, _ string) pairs {
		return g.any(m("nameprefix", "low-"), m("unknownField", 1), m("namePrefix2", "x"), m("images", "x"), m("metadata", m("name", "x")),
			m("validators", []any{}), m("helmCharts", []any{}), m("namespace", 1)).(pairs)
	}},
	{2, func(g *maker, dir string) pairs { return m("crds", []any{g.addText(dir, g.fresh("crd")+".json", crd)}) }},
}

const crd = `{"example.com/v1.Widget": {"Schema": {"properties": {"spec": {"$ref": "example.com/v1.WidgetSpec"}}}},
"example.com/v1.WidgetSpec": {"Schema": {"properties": {"ref": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap",
"x-kubernetes-object-ref-name-key": "name"}}}}}`

func labels(g *maker, _ string) pairs {
	entry := m("pairs", g.labels())
	if g.chance(40) {
		entry = append(entry, "includeSelectors", g.chance(50))
	}
	if g.chance(30) {
		entry = append(entry, "includeTemplates", g.chance(70))
	}
	if g.chance(15) {
		entry = append(entry, "fields", []any{m("path", g.one("spec/note", "spec/template/metadata/labels", "metadata/annotations"), "create", g.chance(60),
			"kind", g.one("Widget", "Deployment"))})
	}
	return m("labels", []any{entry})
}

func (g *maker) selector() pairs {
	s := pairs{}
	if g.chance(70) {
		s = append(s, "kind", g.one("Deployment", "Deployment", "Service", "ConfigMap", "Widget", "StatefulSet", "Deployment|StatefulSet", ".*", "Deploy", "(?i)deployment"))
	}
	if g.chance(40) {
		s = append(s, "name", g.one("web", "api", "db", "app-config", "w.*", "web|api", "(web)", ".*", "pre-web", "^web$", "we(?P<x>b)", "[a-"))
	}
	if g.chance(10) {
		s = append(s, "namespace", g.one("default", "shop", "", "s.*"))
	}
	if g.chance(10) {
		s = append(s, "group", g.one("apps", "", "example.com"))
	}
	if g.chance(10) {
		s = append(s, "version", g.one("v1", "v1beta1"))
	}
	if g.chance(10) {
		s = append(s, "labelSelector", g.one("app=web", "app in (web, api)", "!tier", "app!=db,tier", "tier notin (front)", "app=", "=bad"))
	}
	if g.chance(5) {
		s = append(s, "annotationSelector", g.one("note", "note=x", "size"))
	}
	return s
}

// A part of an object, as a strategic merge patch writes it.
func (g *maker) patchBody() pairs {
	p := pairs{}
	if g.chance(40) {
		meta := pairs{}
		if g.chance(60) {
			meta = append(meta, "annotations", g.any(g.strings(3), m("note", nil), m("$patch", "replace", "x", "y")))
		}
		if g.chance(40) {
			meta = append(meta, "labels", g.any(g.labels(), m("app", nil)))
		}
		if g.chance(5) {
			meta = append(meta, "finalizers", []any{"a", "b"})
		}
		p = append(p, "metadata", meta)
	}
	spec := pairs{}
	if g.chance(30) {
		spec = append(spec, "replicas", g.any(3, nil, "4"))
	}
	if g.chance(50) {
		container := m("name", g.one("main", "side", "new"))
		if g.chance(40) {
			container = append(container, "image", g.image())
		}
		if g.chance(40) {
			container = append(container, "env", g.some(3, func() any {
				if g.chance(20) {
					return m("name", g.one("A", "B"), "$patch", "delete")
				}
				return g.env()
			}))
		}
		if g.chance(40) {
			container = append(container, "ports", g.some(3, g.port))
		}
		if g.chance(20) {
			container = append(container, "args", g.some(2, func() any { return g.text() }))
		}
		if g.chance(10) {
			container = append(container, "$patch", g.one("delete", "replace", "merge", "bad"))
		}
		if g.chance(10) {
			container = append(container, "resources", nil)
		}
		containers := []any{container}
		if g.chance(10) {
			containers = append(containers, m("$patch", "replace"))
		}
		podSpec := m("containers", containers)
		if g.chance(30) {
			podSpec = append(podSpec, "volumes", g.some(2, func() any {
				if g.chance(15) {
					return m("name", g.one("data", "conf"), "$patch", "delete")
				}
				return g.volume()
			}))
		}
		if g.chance(10) {
			podSpec = append(podSpec, "tolerations", nil)
		}
		if g.chance(10) {
			podSpec = append(podSpec, "topologySpreadConstraints", []any{m("maxSkew", 2, "topologyKey", "zone", "whenUnsatisfiable", g.one("DoNotSchedule", "ScheduleAnyway"))})
		}
		spec = append(spec, "template", m("spec", podSpec))
	}
	if g.chance(10) {
		spec = append(spec, "ports", g.some(2, func() any { return m("port", 80+g.Intn(2), "protocol", g.one("TCP", "UDP"), "name", "p") }))
	}
	if g.chance(10) {
		spec = append(spec, "selector", g.any(nil, m("matchLabels", g.labels()), g.labels()))
	}
	if g.chance(10) {
		spec = append(spec, "list", []any{g.value()}, "note", g.value())
	}
	if len(spec) > 0 || g.chance(10) {
		p = append(p, "spec", spec)
	}
	if g.chance(10) {
		p = append(p, "data", g.any(m("a", g.text()), m("a", nil), nil, pairs{}))
	}
	if g.chance(4) {
		p = append(p, "$patch", g.one("delete", "replace", "merge"))
	}
	return p
}

func (g *maker) merge() pairs {
	of := g.find("Deployment", "Deployment", "StatefulSet", "Service", "ConfigMap", "Widget", "DaemonSet", "CronJob", "Pod")
	body := g.patchBody()
	meta := m("name", of.name)
	if g.chance(10) {
		meta = append(meta, "namespace", g.one(namespaces...))
	}
	if len(body) > 0 && body[0] == "metadata" {
		meta = append(meta, body[1].(pairs)...)
		body = body[2:]
	}
	return m("apiVersion", of.version, "kind", of.kind, "metadata", meta).with(body...)
}

func (g *maker) operations() []any {
	list := []any{}
	for i := g.Intn(3); i >= 0; i-- {
		op := m("op", g.one("add", "replace", "remove", "test", "copy", "move", "add", "replace", "bad"), "path", g.one("/spec/replicas", "/metadata/annotations/x",
			"/metadata/labels/app", "/metadata/annotations/a.b~1c", "/spec/template/spec/containers/0/image", "/spec/template/spec/containers/-", "/spec/template/spec/containers/0/env/-",
			"/spec/template/spec/containers/1", "/spec/template/spec/containers/-1/image", "/metadata/name", "/data/a", "/spec/ports/0/port", "/spec/none/deep", "/kind", "/spec/list/0", "spec/replicas", "", "/spec"))
		if g.chance(85) {
			op = append(op, "value", g.any(3, "x", g.value(), m("name", "new", "image", "nginx"), []any{1, "a"}, nil, 1.5, 12345678901234567))
		}
		if g.chance(20) {
			op = append(op, "from", g.one("/metadata/name", "/spec/replicas", "/metadata/labels", "/spec/template/spec/containers/0"))
		}
		list = append(list, op)
	}
	return list
}

func encode(documents ...any) string {
	var out bytes.Buffer
	for i, document := range documents {
		if i > 0 {
			out.WriteString("---\n")
		}
		encoder := yaml.NewEncoder(&out)
		encoder.SetIndent(2)
		if err := encoder.Encode(node(document)); err != nil {
			panic(err)
		}
		_ = encoder.Close()
	}
	return out.String()
}

// An entry with a patch that is inline or in a file.
func (g *maker) patchOf(dir string, documents ...any) pairs {
	if g.chance(50) {
		return m("path", g.add(dir, g.fresh("patch")+".yaml", documents...))
	}
	return m("patch", encode(documents...))
}

func patches(g *maker, dir string) pairs {
	list := []any{}
	for i := g.Intn(3); i >= 0; i-- {
		var entry pairs
		switch g.Intn(6) {
		case 0, 1:
			entry = g.patchOf(dir, g.operations()).with("target", g.selector())
		case 2:
			entry = g.patchOf(dir, g.merge())
			if g.chance(20) {
				entry = g.patchOf(dir, g.merge(), g.merge())
			}
		case 3, 4:
			entry = g.patchOf(dir, g.merge()).with("target", g.selector())
			if g.chance(20) {
				entry = append(entry, "options", m(g.one("allowNameChange", "allowKindChange", "AllowNameChange"), g.chance(80)))
			}
		default:
			text := g.one("", "---\n", "# nothing\n", "null\n", "{}\n", "[]\n", "  ", "kind: List\nitems: []\n", "a: b\n", "- x\n", "text\n", "a: [\n")
			entry = m("patch", text)
			if g.chance(60) {
				entry = append(entry, "target", g.selector())
			}
		}
		list = append(list, entry)
	}
	return m("patches", list)
}

func patchesStrategicMerge(g *maker, dir string) pairs {
	if g.chance(50) {
		return m("patchesStrategicMerge", []any{g.add(dir, g.fresh("smp")+".yaml", g.merge())})
	}
	return m("patchesStrategicMerge", []any{encode(g.merge())})
}

func patchesJson6902(g *maker, dir string) pairs {
	of := g.find("Deployment", "Service", "ConfigMap")
	group, version, found := strings.Cut(of.version, "/")
	if !found {
		group, version = "", group
	}
	target := m("kind", of.kind, "name", of.name, "version", version, "group", group)
	return m("patchesJson6902", []any{g.patchOf(dir, g.operations()).with("target", target)})
}

func images(g *maker, _ string) pairs {
	list := []any{}
	for i := g.Intn(2); i >= 0; i-- {
		image := m("name", g.one("nginx", "shop/web", "registry.example:5000/shop/web", "busybox", "ngin.", "redis", ".*", "web"))
		if g.chance(40) {
			image = append(image, "newName", g.one("mirror.example/nginx", "other", "localhost:5000/x"))
		}
		if g.chance(50) {
			image = append(image, "newTag", g.one("2.0", "v1", "1", "1.0"))
		}
		if g.chance(15) {
			image = append(image, "digest", "sha256:"+strings.Repeat("c", 64))
		}
		if g.chance(10) {
			image = append(image, "tagSuffix", "-alpine")
		}
		list = append(list, image)
	}
	return m("images", list)
}

func replicas(g *maker, _ string) pairs {
	return m("replicas", []any{m("name", g.find("Deployment", "StatefulSet", "ReplicaSet").name, "count", g.Intn(9))})
}

func (g *maker) fieldPath() string {
	return g.one("metadata.name", "metadata.namespace", "metadata.labels.app", "metadata.annotations.note", "metadata.annotations.[a.b/c]", "spec.replicas",
		"spec.template.spec.containers.0.image", "spec.template.spec.containers.[name=main].image", "spec.template.spec.containers.*.image",
		"spec.template.spec.containers.[name=main].env.[name=A].value", "spec.template.spec.containers.[name=.*].image", "data.a", "data.b\\.yaml", "data.[b.yaml].host",
		"data.[b.yaml].y.0", "spec.note", "spec.size", "spec.list.0", "spec.list.-", "spec.ref.name", "spec.ports.0.port", "spec.none.deep", "spec", "spec.selector.app")
}

func (g *maker) fieldOptions() pairs {
	o := pairs{}
	if g.chance(40) {
		o = append(o, "delimiter", g.one("-", "/", ":", "."))
	}
	if g.chance(40) {
		o = append(o, "index", g.Intn(4)-1)
	}
	if g.chance(50) {
		o = append(o, "create", g.chance(80))
	}
	return o
}

func (g *maker) replacement() pairs {
	r := pairs{}
	if g.chance(20) {
		r = append(r, "sourceValue", g.text())
	} else {
		of := g.find("Deployment", "Service", "ConfigMap", "Widget")
		source := m("kind", of.kind)
		if g.chance(90) {
			source = append(source, "name", of.name)
		}
		if g.chance(70) {
			source = append(source, "fieldPath", g.fieldPath())
		}
		if g.chance(15) {
			source = append(source, "options", g.fieldOptions())
		}
		r = append(r, "source", source)
	}
	targets := []any{}
	for i := g.Intn(2); i >= 0; i-- {
		target := m("select", g.selector())
		if g.chance(15) {
			target = append(target, "reject", []any{g.selector()})
		}
		paths := []any{g.fieldPath()}
		if g.chance(30) {
			paths = append(paths, g.fieldPath())
		}
		if g.chance(90) {
			target = append(target, "fieldPaths", paths)
		}
		if g.chance(50) {
			target = append(target, "options", g.fieldOptions())
		}
		targets = append(targets, target)
	}
	return append(r, "targets", targets)
}

func replacements(g *maker, dir string) pairs {
	list := []any{}
	for i := g.Intn(2); i >= 0; i-- {
		if g.chance(15) {
			list = append(list, m("path", g.add(dir, g.fresh("replacement")+".yaml", g.replacement())))
		} else {
			list = append(list, g.replacement())
		}
	}
	return m("replacements", list)
}

func vars(g *maker, _ string) pairs {
	of := g.find("Service", "Deployment")
	v := m("name", g.one("WEB_NAME", "PORT", "IMAGE"), "objref", m("kind", of.kind, "name", of.name, "apiVersion", of.version))
	if g.chance(60) {
		v = append(v, "fieldref", m("fieldpath", g.one("metadata.name", "spec.replicas", "spec.ports[0].port", "spec.template.spec.containers[0].image")))
	}
	return m("vars", []any{v})
}

func (g *maker) options() pairs {
	o := pairs{}
	if g.chance(40) {
		o = append(o, "disableNameSuffixHash", g.chance(70))
	}
	if g.chance(30) {
		o = append(o, "labels", g.labels())
	}
	if g.chance(30) {
		o = append(o, "annotations", g.strings(2))
	}
	if g.chance(20) {
		o = append(o, "immutable", g.chance(80))
	}
	return o
}

func generators(g *maker, dir, field string) pairs {
	list := []any{}
	for i := g.Intn(2); i >= 0; i-- {
		e := m("name", g.name())
		if g.chance(15) {
			e = append(e, "namespace", g.one(namespaces...))
		}
		if g.chance(25) {
			behavior := g.one("create", "merge", "replace", "merge")
			e = append(e, "behavior", behavior)
			if behavior != "create" {
				e[1] = g.find("ConfigMap", "Secret").name
			}
		}
		if g.chance(70) {
			e = append(e, "literals", g.some(3, func() any {
				return g.fresh(g.one("a", "b", "c.d", "e f", "A", "a")) + "=" + g.any(g.text(), "'q'", "\"q\"", "x=y").(string)
			}))
		}
		if g.chance(30) {
			name := g.addText(dir, g.fresh("file")+".txt", g.any(g.text(), "two\nlines\n", "bin\xff\xfe", strings.Repeat("long line ", 20)).(string))
			e = append(e, "files", []any{g.any(name, "key="+name, name, name)})
		}
		if g.chance(20) {
			e = append(e, "envs", []any{g.addText(dir, g.fresh("env")+".env", g.one("A=1\nB=two\n", "# c\n\n  A=x  \nNOVALUE\n", "\xef\xbb\xbfA=1\r\nB=2\r\n", "export C=1\nA=b=c\n"))})
		}
		if g.chance(25) {
			e = append(e, "options", g.options())
		}
		if field == "secretGenerator" && g.chance(30) {
			e = append(e, "type", g.one("Opaque", "kubernetes.io/tls"))
		}
		list = append(list, e)
	}
	return m(field, list)
}

func configurations(g *maker, dir string) pairs {
	c := pairs{}
	if g.chance(50) {
		c = append(c, "nameReference", []any{m("kind", g.one("ConfigMap", "Secret", "Service"), "version", "v1", "fieldSpecs", []any{m("path", "spec/ref/name", "kind", "Widget")})})
	}
	if g.chance(30) {
		c = append(c, "namePrefix", []any{m("path", "metadata/name")})
	}
	if g.chance(30) {
		c = append(c, "commonLabels", []any{m("path", g.one("spec/labels", "spec/template/metadata/labels"), "kind", "Widget", "create", g.chance(70))})
	}
	if g.chance(30) {
		c = append(c, "images", []any{m("path", "spec/note", "kind", "Widget")})
	}
	if g.chance(30) {
		c = append(c, "replicas", []any{m("path", "spec/size", "kind", "Widget", "create", g.chance(50))})
	}
	if g.chance(20) {
		c = append(c, "varReference", []any{m("path", "spec/note", "kind", "Widget")})
	}
	if g.chance(20) {
		c = append(c, "namespace", []any{m("path", "spec/ns", "kind", "Widget", "create", true)})
	}
	return m("configurations", []any{g.add(dir, g.fresh("config")+".yaml", c)})
}

func plugins(g *maker, dir string) pairs {
	head := func(kind string, rest ...any) pairs {
		return m("apiVersion", "builtin", "kind", kind, "metadata", m("name", "x")).with(rest...)
	}
	var doc pairs
	switch g.Intn(10) {
	case 0:
		doc = head("PrefixTransformer", "prefix", "t-", "fieldSpecs", []any{m("path", "metadata/name")})
	case 1:
		doc = head("SuffixTransformer", "suffix", "-t", "fieldSpecs", []any{m("path", "metadata/name", "kind", g.one("Deployment", "Service"))})
	case 2:
		doc = head("LabelTransformer", "labels", g.labels(), "fieldSpecs", []any{m("path", "metadata/labels", "create", g.chance(60))})
	case 3:
		doc = head("AnnotationsTransformer", "annotations", g.strings(2), "fieldSpecs", []any{m("path", "metadata/annotations", "create", g.chance(60))})
	case 4:
		doc = m("apiVersion", "builtin", "kind", "NamespaceTransformer", "metadata", m("name", "x", "namespace", g.one(namespaces...)))
		if g.chance(40) {
			doc = append(doc, "unsetOnly", g.chance(50))
		}
		if g.chance(40) {
			doc = append(doc, "setRoleBindingSubjects", g.one("defaultOnly", "allServiceAccounts", "none", "bad"))
		}
		if g.chance(50) {
			doc = append(doc, "fieldSpecs", []any{m("path", "metadata/namespace", "create", true)})
		}
	case 5:
		doc = head("ImageTagTransformer", "imageTag", m("name", "nginx", "newTag", "9"), "fieldSpecs", []any{m("path", "spec/template/spec/containers[]/image")})
	case 6:
		doc = head("ReplicaCountTransformer", "replica", m("name", g.name(), "count", 7), "fieldSpecs", []any{m("path", "spec/replicas", "create", true, "kind", "Deployment")})
	case 7:
		doc = head("PatchTransformer", "patch", encode(g.operations()), "target", g.selector())
	case 8:
		doc = head("ReplacementTransformer", "replacements", []any{g.replacement()})
	default:
		return m("generators", []any{g.add(dir, g.fresh("generator")+".yaml", m("apiVersion", "builtin", "kind", "ConfigMapGenerator", "metadata", m("name", g.name()),
			"literals", []any{"a=1"}))})
	}
	return m("transformers", []any{g.add(dir, g.fresh("transformer")+".yaml", doc)})
}
