/*
 * The handful of compiler helpers that all three layers use.
 */
#ifndef RENDER_BASE_MACROS_H
#define RENDER_BASE_MACROS_H

/* Runs `fn` on the address of the variable when its scope ends. `fn` takes a pointer to the variable. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* The caller must look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* `fmt` is argument number of the format, `args` of the first value. */
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Yields the pointer and leaves NULL behind, so that a CLEANUP of the variable frees nothing. */
#define TAKE(pointer) \
	(__extension__({ \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL; \
		taken_; \
	}))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
