/*
 * What a plain YAML scalar means and how numbers are written: the resolver of goyaml v2, which kubectl and Kustomize use
 * (go.yaml.in/yaml/v2, resolve.go). Timestamps are told apart because they must be quoted when they are meant as text.
 */
#ifndef RENDER_YAML_SCALAR_H
#define RENDER_YAML_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

enum scalar_type { SCALAR_TEXT, SCALAR_NULL, SCALAR_BOOL, SCALAR_INT, SCALAR_FLOAT, SCALAR_TIME };

struct scalar {
	enum scalar_type type;
	bool truth;         /* SCALAR_BOOL */
	bool negative;      /* SCALAR_INT */
	uint64_t magnitude; /* SCALAR_INT */
	double real;        /* SCALAR_FLOAT */
};

/* Bytes of the longest number text and its NUL; of one without an exponent. */
enum { SCALAR_NUMBER_MAX = 48, SCALAR_FIXED_MAX = 352 };

struct scalar scalar_resolve(const char *text);

/* True for what YAML 1.1 reads as a number to the base 60, such as 12:30; goyaml quotes it, though it does not read it so. */
bool scalar_is_base60(const char *text);

/* An integer as SCALAR_FLOAT: what the tag !!float asks for. */
struct scalar scalar_as_float(struct scalar integer);

/* A finite number as encoding/json and as goyaml write it; any number as sigs.k8s.io/yaml makes a key of it. */
void scalar_json(const struct scalar *number, char out[SCALAR_NUMBER_MAX]);
void scalar_yaml(const struct scalar *number, char out[SCALAR_NUMBER_MAX]);
void scalar_key(const struct scalar *number, char out[SCALAR_NUMBER_MAX]);

/* A finite number without an exponent, as strconv.FormatFloat(real, 'f', -1, 64); and as fmt's %v. */
void scalar_fixed(double real, char out[SCALAR_FIXED_MAX]);
void scalar_printed(double real, char out[SCALAR_FIXED_MAX]);

#endif
