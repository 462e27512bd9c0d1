/*
 * The order of keys in goyaml v2's output (sorter.go): numbers in keys by their value, other characters before letters.
 */
#ifndef RENDER_YAML_SORT_H
#define RENDER_YAML_SORT_H

/*
 * As strcmp. Like goyaml's, it is no order for mixes such as a10, a1b, a001, where goyaml itself prints now this, now
 * that. Keys are well-formed UTF-8. Digits beyond ASCII have no value here.
 */
int yaml_key_compare(const char *a, const char *b);

#endif
