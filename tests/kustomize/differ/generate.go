package main

import (
	"fmt"
	"math/rand"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Mappings keep the order in which they were made.
type pairs []any // key, value, key, value

func m(items ...any) pairs { return items }

func (p pairs) with(items ...any) pairs { return append(append(pairs{}, p...), items...) }

func node(value any) *yaml.Node {
	switch v := value.(type) {
	case *yaml.Node:
		return v
	case pairs:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, item := range v {
			n.Content = append(n.Content, node(item))
		}
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range v {
			n.Content = append(n.Content, node(item))
		}
		return n
	}
	n := &yaml.Node{}
	if err := n.Encode(value); err != nil {
		panic(err)
	}
	return n
}

// A scalar as it is written: its text gives it a meaning.
func plain(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text, Tag: ""} }

type maker struct {
	*rand.Rand
	t     *tree
	n     int
	known []known
	taken map[string]bool
	// A tree whose objects ask for a hash, which then is of how they are written.
	hashed bool
	// A value of the document in hand that has an anchor.
	anchored *yaml.Node
	// The document in hand has a text that ends in empty lines: a comment below gives it one more in the reference.
	kept bool
}

// An object that is in the tree: patches and references mostly mean one that is there.
type known struct{ version, kind, name string }

func (g *maker) one(choices ...string) string { return choices[g.Intn(len(choices))] }
func (g *maker) any(choices ...any) any       { return choices[g.Intn(len(choices))] }
func (g *maker) chance(percent int) bool      { return g.Intn(100) < percent }

func (g *maker) some(most int, make func() any) []any {
	list := []any{}
	for i := g.Intn(most + 1); i > 0; i-- {
		list = append(list, make())
	}
	return list
}

var names = []string{"web", "api", "db", "app-config", "app-secret", "runner", "web-v2"}
var namespaces = []string{"default", "shop", "prod", "kube-system"}

func (g *maker) name() string { return g.one(names...) }

// Texts that a YAML writer must get right.
func (g *maker) text() string {
	return g.one("x", "yes", "on", "n", "true", "null", "~", "1", "0x1F", "0o17", "017", "1e3", "1.0", "-.inf", "1_000", "60:30", "12:30:45",
		"2001-01-01", "2001-12-14t21:59:43.10-05:00", "", " lead", "trail ", "a: b", "a #b", "#c", "- d", "*e", "&f", "!g", "%h", "@i", "`j`",
		"'k'", "\"l\"", "{m}", "[n]", "o,p", "?q", "|r", ">s", "=", "<<", "a\nb", "a\nb\n", "a\n\nb\n\n", "  a\nb", "a \nb", "tab\there", "\ttab",
		"grüße", "日本", "emoji 😀", "back\\slash", "$(NAME)", "$(WEB_NAME):$(PORT)", "$$(x)", strings.Repeat("word ", 30)+"end",
		strings.Repeat("long", 40), "a  b "+strings.Repeat("x ", 50), "key=value", "nginx:1.2", "registry.example:5000/a/b@sha256:"+strings.Repeat("0", 64),
		"{\"a\": 1, \"b\": [true, \"x\"]}", "a: 1\nb:\n- c\n", "\u0007bell", "nel\u0085x", "cr\rx", "-", "--- x", "...", "0", "-1", "+1", "0.5", ".5", "5.", "1e400", "NaN")
}

// Values that are not texts.
func (g *maker) value() any {
	switch g.Intn(10) {
	case 0:
		return plain(g.one("yes", "on", "off", "y", "True", "NO", "null", "~", "1", "-7", "0x1F", "0o17", "017", "0b11", "1e3", "1.0", "1.50", "1_000",
			"12345678901234567890", "2001-01-01", "60:30", "9007199254740993", "1e-7", "3.14"))
	case 1:
		return g.Intn(100000)
	case 2:
		return g.chance(50)
	}
	return g.text()
}

func (g *maker) strings(most int) pairs {
	p := pairs{}
	used := map[string]bool{}
	for i := g.Intn(most + 1); i > 0; i-- {
		key := g.one("app", "tier", "team", "a.b/c", "note", "size", "x10", "x9", "Upper", "app.kubernetes.io/name")
		if !used[key] {
			used[key] = true
			p = append(p, key, g.text())
		}
	}
	return p
}

func (g *maker) labels() pairs {
	p := m("app", g.name())
	if g.chance(30) {
		p = append(p, "tier", g.one("front", "back"))
	}
	if g.chance(5) {
		p = append(p, "flag", g.value())
	}
	return p
}

// Kustomize's own annotation, which its generators give to what they make.
const needsHash = "internal.config.kubernetes.io/needsHashSuffix"

func (g *maker) meta(name string) pairs {
	meta := m("name", name)
	if g.chance(30) {
		meta = append(meta, "namespace", g.one(namespaces...))
	}
	if g.chance(50) {
		meta = append(meta, "labels", g.labels())
	}
	if g.hashed && g.chance(40) {
		meta = append(meta, "annotations", m(needsHash, "enabled").with(g.strings(2)...))
	} else if g.chance(30) {
		annotations := g.strings(3)
		if g.chance(10) {
			annotations = append(annotations, "odd", g.value())
		}
		if g.chance(6) {
			annotations = append(annotations, "config.kubernetes.io/local-config", g.one("true", "false"))
		}
		meta = append(meta, "annotations", annotations)
	}
	return meta
}

func (g *maker) image() string {
	return g.one("nginx", "nginx:1.25", "shop/web:1.4.0", "registry.example:5000/shop/web:1.4.0", "busybox@sha256:"+strings.Repeat("a", 64),
		"nginx:1.25@sha256:"+strings.Repeat("b", 64), "redis:7", "$(IMAGE)")
}

func (g *maker) env() any {
	name := g.one("A", "B", "C", "PATH_X", "MODE")
	switch g.Intn(5) {
	case 0:
		return m("name", name, "valueFrom", m("configMapKeyRef", m("name", g.name(), "key", "a")))
	case 1:
		return m("name", name, "valueFrom", m("secretKeyRef", m("name", g.name(), "key", "a")))
	case 2:
		return m("name", name, "value", g.one("$(WEB_NAME)", "x-$(PORT)-y", "$$(A)", "$(UNKNOWN)"))
	}
	return m("name", name, "value", g.text())
}

func (g *maker) port() any {
	p := m("containerPort", 8080+g.Intn(3))
	if g.chance(40) {
		p = append(p, "protocol", g.one("TCP", "UDP"))
	}
	if g.chance(40) {
		p = append(p, "name", g.one("http", "metrics"))
	}
	return p
}

func (g *maker) container() any {
	c := m("name", g.one("main", "side", "proxy"), "image", g.image())
	if g.chance(30) {
		c = append(c, "args", g.some(3, func() any { return g.text() }))
	}
	if g.chance(40) {
		c = append(c, "env", g.some(3, g.env))
	}
	if g.chance(40) {
		c = append(c, "ports", g.some(3, g.port))
	}
	if g.chance(20) {
		c = append(c, "envFrom", []any{g.any(m("configMapRef", m("name", g.name())), m("secretRef", m("name", g.name())))})
	}
	if g.chance(20) {
		c = append(c, "resources", m("limits", m("cpu", g.any("500m", 1, 0.5), "memory", g.one("64Mi", "1Gi"))))
	}
	if g.chance(20) {
		c = append(c, "volumeMounts", g.some(2, func() any { return m("name", g.one("data", "conf"), "mountPath", g.one("/data", "/etc/conf")) }))
	}
	return c
}

func (g *maker) volume() any {
	name := g.one("data", "conf", "cert")
	switch g.Intn(6) {
	case 0:
		return m("name", name, "configMap", m("name", g.name()))
	case 1:
		return m("name", name, "secret", m("secretName", g.name()))
	case 2:
		return m("name", name, "persistentVolumeClaim", m("claimName", g.name()))
	case 3:
		return m("name", name, "projected", m("sources", []any{m("configMap", m("name", g.name())), m("secret", m("name", g.name()))}))
	case 4:
		return m("name", name, "image", m("reference", g.image()))
	}
	return m("name", name, "emptyDir", pairs{})
}

func (g *maker) podSpec() pairs {
	spec := m("containers", append([]any{g.container()}, g.some(1, g.container)...))
	if g.chance(20) {
		spec = append(spec, "initContainers", []any{g.container()})
	}
	if g.chance(40) {
		spec = append(spec, "volumes", g.some(3, g.volume))
	}
	if g.chance(30) {
		spec = append(spec, "serviceAccountName", g.name())
	}
	if g.chance(15) {
		spec = append(spec, "imagePullSecrets", []any{m("name", g.name())})
	}
	if g.chance(10) {
		spec = append(spec, "priorityClassName", g.name())
	}
	if g.chance(10) {
		spec = append(spec, "tolerations", []any{m("key", "a", "operator", "Exists")})
	}
	if g.chance(10) {
		spec = append(spec, "hostAliases", []any{m("ip", "10.0.0.1", "hostnames", []any{"a"})})
	}
	if g.chance(10) {
		spec = append(spec, "topologySpreadConstraints", []any{m("maxSkew", 1, "topologyKey", "zone", "whenUnsatisfiable", "DoNotSchedule",
			"labelSelector", m("matchLabels", g.labels()))})
	}
	if g.chance(10) {
		spec = append(spec, "affinity", m("podAntiAffinity", m("preferredDuringSchedulingIgnoredDuringExecution",
			[]any{m("weight", 1, "podAffinityTerm", m("topologyKey", "zone", "labelSelector", m("matchLabels", g.labels())))})))
	}
	return spec
}

func (g *maker) template() pairs {
	meta := pairs{}
	if g.chance(80) {
		meta = append(meta, "labels", g.labels())
	}
	if g.chance(20) {
		meta = append(meta, "annotations", g.strings(2))
	}
	return m("metadata", meta, "spec", g.podSpec())
}

func (g *maker) workload(kind, version string) pairs {
	spec := pairs{}
	if g.chance(70) {
		spec = append(spec, "replicas", g.Intn(5))
	}
	if g.chance(90) {
		spec = append(spec, "selector", m("matchLabels", g.labels()))
	}
	if kind == "StatefulSet" {
		spec = append(spec, "serviceName", g.name())
		if g.chance(40) {
			spec = append(spec, "volumeClaimTemplates", []any{m("metadata", m("name", "data"), "spec", m("storageClassName", g.name()))})
		}
	}
	return spec.with("template", g.template())
}

var kinds = []string{"Deployment", "Deployment", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Service", "Service", "ConfigMap", "ConfigMap",
	"Secret", "Job", "CronJob", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "ServiceAccount", "Role", "RoleBinding",
	"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace", "PersistentVolumeClaim", "PersistentVolume", "StorageClass",
	"ValidatingWebhookConfiguration", "Widget", "Widget", "Pod", "APIService", "PriorityClass", "OldDeployment", "List"}

func (g *maker) subject() any {
	s := m("kind", g.one("ServiceAccount", "ServiceAccount", "User", "Group"), "name", g.any(g.name(), "default"))
	if g.chance(60) {
		s = append(s, "namespace", g.one(namespaces...))
	}
	return s
}

// Mostly of an identity that no other object has.
func (g *maker) object() *yaml.Node {
	var object pairs
	for tries := 0; tries < 20; tries++ {
		object = g.objectOf(g.one(kinds...))
		id := fmt.Sprint(object[3], object[1]) // a List has no name
		if len(object) > 5 {
			if meta, ok := object[5].(pairs); ok {
				id = fmt.Sprint(object[3], meta[1])
				g.known = append(g.known, known{object[1].(string), object[3].(string), fmt.Sprint(meta[1])})
			}
		}
		if !g.taken[id] || g.chance(1) {
			g.taken[id] = true
			break
		}
	}
	return node(object)
}

// One of these kinds that is there, mostly; its name.
func (g *maker) find(kinds ...string) known {
	for tries := 0; tries < 30 && len(g.known) > 0; tries++ {
		k := g.known[g.Intn(len(g.known))]
		for _, kind := range kinds {
			if kind == k.kind && !g.chance(2) {
				return k
			}
		}
	}
	return known{"v1", kinds[0], g.name()}
}

func (g *maker) objectOf(kind string) pairs {
	name := g.name()
	head := func(version string, rest ...any) pairs {
		return m("apiVersion", version, "kind", kind, "metadata", g.meta(name)).with(rest...)
	}
	switch kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet":
		return head("apps/v1", "spec", g.workload(kind, "apps/v1"))
	case "OldDeployment":
		kind = "Deployment"
		return head(g.one("extensions/v1beta1", "apps/v1beta1"), "spec", g.workload(kind, "extensions/v1beta1"))
	case "Service":
		return head("v1", "spec", m("selector", g.labels(), "ports", g.some(3, func() any {
			p := m("port", 80+g.Intn(2))
			if g.chance(40) {
				p = append(p, "protocol", g.one("TCP", "UDP"))
			}
			if g.chance(40) {
				p = append(p, "targetPort", g.any("http", 8080))
			}
			return p
		})))
	case "ConfigMap":
		data := m("a", g.text(), "b.yaml", g.one("x: 1\ny: [a, b]\n", "# note\nhost: web\nport: 80\n", "{\"host\": \"web\", \"n\": 1}", "plain"))
		if g.chance(30) {
			data = append(data, "c", g.value())
		}
		object := head("v1", "data", data)
		if g.chance(10) {
			object = append(object, "immutable", true)
		}
		return object
	case "Secret":
		if g.chance(50) {
			return head("v1", "type", "Opaque", "data", m("a", "aGVsbG8="))
		}
		return head("v1", "stringData", m("a", g.text()))
	case "Job":
		return head("batch/v1", "spec", m("template", g.template(), "backoffLimit", 3))
	case "CronJob":
		return head(g.one("batch/v1", "batch/v1beta1"), "spec", m("schedule", "*/5 * * * *", "jobTemplate", m("spec", m("template", g.template()))))
	case "Ingress":
		return head("networking.k8s.io/v1", "spec", m("ingressClassName", g.name(), "tls", []any{m("secretName", g.name(), "hosts", []any{"$(WEB_NAME).example"})},
			"rules", []any{m("host", "a.example", "http", m("paths", []any{m("path", "/", "pathType", "Prefix", "backend",
				m("service", m("name", g.name(), "port", m("number", 80))))}))}))
	case "HorizontalPodAutoscaler":
		return head(g.one("autoscaling/v1", "autoscaling/v2"), "spec", m("minReplicas", 1, "maxReplicas", 5, "scaleTargetRef",
			m("apiVersion", "apps/v1", "kind", g.one("Deployment", "StatefulSet"), "name", g.name())))
	case "PodDisruptionBudget":
		return head(g.one("policy/v1", "policy/v1beta1"), "spec", m("minAvailable", g.any(1, "50%"), "selector", m("matchLabels", g.labels())))
	case "NetworkPolicy":
		return head("networking.k8s.io/v1", "spec", m("podSelector", m("matchLabels", g.labels()), "ingress", []any{m("from",
			[]any{m("podSelector", m("matchLabels", g.labels())), m("namespaceSelector", pairs{})})}))
	case "ServiceAccount":
		object := head("v1")
		if g.chance(40) {
			object = append(object, "imagePullSecrets", []any{m("name", g.name())})
		}
		if g.chance(20) {
			object = append(object, "secrets", []any{m("name", g.name())})
		}
		return object
	case "Role", "ClusterRole":
		return head("rbac.authorization.k8s.io/v1", "rules", []any{m("apiGroups", []any{""}, "resources", []any{g.one("configmaps", "secrets", "pods")},
			"resourceNames", []any{g.name()}, "verbs", []any{"get"})})
	case "RoleBinding", "ClusterRoleBinding":
		roleKind := "ClusterRole"
		if kind == "RoleBinding" && g.chance(60) {
			roleKind = "Role"
		}
		return head("rbac.authorization.k8s.io/v1", "roleRef", m("apiGroup", "rbac.authorization.k8s.io", "kind", roleKind, "name", g.name()),
			"subjects", g.some(2, g.subject))
	case "CustomResourceDefinition":
		name = "widgets.example.com"
		object := head("apiextensions.k8s.io/v1", "spec", m("group", "example.com", "names", m("kind", "Widget", "plural", "widgets"), "scope", "Namespaced",
			"versions", []any{m("name", "v1", "served", true, "storage", true, "schema", m("openAPIV3Schema", m("type", "object",
				"properties", m("containers", m("type", "array")))))}))
		if g.chance(30) {
			object[len(object)-1] = object[len(object)-1].(pairs).with("conversion", m("strategy", "Webhook", "webhook",
				m("clientConfig", m("service", m("name", g.name(), "namespace", "shop")))))
		}
		return object
	case "Namespace":
		name = g.one(namespaces...)
		return head("v1")
	case "PersistentVolumeClaim":
		return head("v1", "spec", m("storageClassName", g.name(), "volumeName", g.name(), "accessModes", []any{"ReadWriteOnce"}))
	case "PersistentVolume":
		return head("v1", "spec", m("storageClassName", g.name(), "capacity", m("storage", "1Gi")))
	case "StorageClass":
		return head("storage.k8s.io/v1", "provisioner", "example.com/disk", "parameters", m("secretName", g.name()))
	case "ValidatingWebhookConfiguration":
		return head("admissionregistration.k8s.io/v1", "webhooks", []any{m("name", "a.example.com", "clientConfig",
			m("service", m("name", g.name(), "namespace", g.one(namespaces...))))})
	case "Widget":
		return m("apiVersion", "example.com/v1", "kind", kind, "metadata", g.meta(name), "spec", m("size", g.value(), "containers",
			g.some(2, g.container), "ref", m("name", g.name()), "template", g.template(), "note", g.text(), "list", g.some(3, g.value)))
	case "Pod":
		return head("v1", "spec", g.podSpec())
	case "APIService":
		name = "v1.example.com"
		return head("apiregistration.k8s.io/v1", "spec", m("group", "example.com", "version", "v1", "service", m("name", g.name(), "namespace", "shop")))
	case "PriorityClass":
		return head("scheduling.k8s.io/v1", "value", 1000)
	case "List":
		return m("apiVersion", "v1", "kind", g.one("List", "ConfigMapList"), "items", g.some(2, func() any { return g.objectOf("ConfigMap") }))
	}
	panic(kind)
}

func (g *maker) fresh(stem string) string {
	g.n++
	return fmt.Sprintf("%s%d", stem, g.n)
}

func (g *maker) add(dir, name string, documents ...any) string {
	f := &file{}
	for _, document := range documents {
		made := node(document)
		if g.hashed && g.chance(50) {
			g.anchored, g.kept = nil, keeps(made)
			g.dress(made, false)
		}
		f.documents = append(f.documents, made)
	}
	g.t.files[path.Join(dir, name)] = f
	return name
}

func (g *maker) addText(dir, name, text string) string {
	g.t.files[path.Join(dir, name)] = &file{text: text}
	return name
}

func keeps(n *yaml.Node) bool {
	for _, item := range n.Content {
		if keeps(item) {
			return true
		}
	}
	return strings.HasSuffix(n.Value, "\n\n")
}

// Comments, quotes and brackets where they may be: they change nothing but where everything stands. In brackets goyaml writes
// comments that libyaml cannot read.
func (g *maker) dress(n *yaml.Node, flow bool) {
	if !flow && g.chance(5) {
		n.HeadComment = g.one("# above", "# two\n# lines", "# {\"x\": 1}")
	}
	if !flow && g.chance(5) {
		n.LineComment = "# beside"
	}
	if !flow && g.chance(3) && !g.kept {
		n.FootComment = g.one("# below", "# below\n\n# further")
	}
	switch {
	case n.Kind == yaml.ScalarNode && (n.Tag == "!!str" || n.Style != 0) && g.chance(20):
		n.Style = []yaml.Style{yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle}[g.Intn(4)]
	case n.Kind != yaml.ScalarNode && g.chance(5):
		n.Style = yaml.FlowStyle
	}
	for _, item := range n.Content {
		g.dress(item, flow || n.Style == yaml.FlowStyle)
	}
	g.link(n)
}

func holds(n, child *yaml.Node) bool {
	for _, item := range n.Content {
		if item == child || holds(item, child) {
			return true
		}
	}
	return false
}

// Written tags, anchors and what refers to them: of values, not of keys. Nobody merges a mapping into the one that it is in: there
// kyaml leaves the merge keys of the inner one in the outer one, which shows in hashes and is not followed.
func (g *maker) link(n *yaml.Node) {
	if n.Kind == yaml.SequenceNode {
		return
	}
	if n.Kind == yaml.ScalarNode {
		if n.Tag == "!!str" && g.chance(1) {
			n.Style |= yaml.TaggedStyle
		}
		return
	}
	for i := 1; i < len(n.Content); i += 2 {
		value := n.Content[i]
		switch {
		case g.anchored != nil && g.anchored.Kind == value.Kind && g.chance(4):
			n.Content[i] = &yaml.Node{Kind: yaml.AliasNode, Value: g.anchored.Anchor, Alias: g.anchored}
		case value.Kind != yaml.AliasNode && g.chance(2):
			value.Anchor = g.fresh("anchor")
			g.anchored = value
		}
	}
	if g.anchored != nil && g.anchored.Kind == yaml.MappingNode && g.chance(3) && !holds(n, g.anchored) {
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "<<", Tag: "!!merge"},
			&yaml.Node{Kind: yaml.AliasNode, Value: g.anchored.Anchor, Alias: g.anchored})
	}
}

func (g *maker) resources(dir string) []any {
	list := []any{}
	for i := g.Intn(3); i >= 0; i-- {
		documents := []any{}
		for j := g.Intn(3); j >= 0; j-- {
			documents = append(documents, g.object())
		}
		list = append(list, g.add(dir, g.fresh("r")+".yaml", documents...))
	}
	return list
}

// A kustomization with what is below it; its directory.
func (g *maker) layer(dir string, depth int, kind string) {
	k := pairs{}
	if g.chance(70) || kind == "Component" {
		version := "v1beta1"
		if kind == "Component" {
			version = "v1alpha1"
		}
		k = append(k, "apiVersion", "kustomize.config.k8s.io/"+version, "kind", kind)
	}
	resources := []any{}
	if kind != "Component" || g.chance(40) {
		resources = append(resources, g.resources(dir)...)
	}
	if depth > 0 && kind != "Component" {
		for i := g.Intn(2); i >= 0; i-- {
			below := g.fresh("base")
			g.layer(path.Join(path.Dir(dir), below), depth-1, "Kustomization")
			resources = append(resources, "../"+below)
		}
	}
	if len(resources) > 0 {
		key := "resources"
		if g.chance(3) {
			key = "bases"
		}
		k = append(k, key, resources)
	}
	if g.chance(15) && kind != "Component" {
		components := []any{}
		for i := g.Intn(2); i >= 0; i-- {
			below := g.fresh("component")
			g.layer(path.Join(path.Dir(dir), below), 0, "Component")
			components = append(components, "../"+below)
		}
		k = append(k, "components", components)
	}
	for _, feature := range features {
		if g.chance(feature.percent) {
			k = append(k, feature.make(g, dir)...)
		}
	}
	g.add(dir, g.one("kustomization.yaml", "kustomization.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"), k)
}

func generate(r *rand.Rand) *tree {
	g := &maker{Rand: r, t: &tree{files: map[string]*file{}, target: "top"}, taken: map[string]bool{}}
	g.hashed = g.chance(15)
	g.layer("top", g.Intn(3), "Kustomization")
	return g.t
}
