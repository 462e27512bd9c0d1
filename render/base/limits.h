/*
 * Every bound of plumb in one place. Input that is over one of them is refused with an error that names it.
 */
#ifndef RENDER_BASE_LIMITS_H
#define RENDER_BASE_LIMITS_H

#define LIMIT_KIB(n) ((size_t)(n)*1024)
#define LIMIT_MIB(n) ((size_t)(n)*1024 * 1024)

/* Manifests. The API server takes at most 3 MiB a request (etcd 1.5 MiB), so one object cannot be larger. */
#define LIMIT_MANIFEST_BYTES LIMIT_MIB(16)    /* one file */
#define LIMIT_TREE_BYTES LIMIT_MIB(256)       /* all manifests of one render */
#define LIMIT_TREE_FILES ((size_t)100000)     /* files looked at in one render */
#define LIMIT_TREE_DEPTH ((size_t)64)         /* nested directories */
#define LIMIT_IGNORE_BYTES LIMIT_KIB(64)      /* one .plumbignore or .sourceignore */
#define LIMIT_LINK_HOPS ((size_t)40)          /* symbolic links followed for one path, as Linux */
#define LIMIT_DOCUMENTS ((size_t)50000)       /* documents of one file, objects of one render */
#define LIMIT_DEPTH ((size_t)100)             /* nested mappings and lists */
#define LIMIT_NODES ((size_t)2000000)         /* values of one document, aliases expanded */
#define LIMIT_ALIAS_NODES ((size_t)200000)    /* values that aliases add to one document */
#define LIMIT_MEND_BYTES LIMIT_MIB(4)         /* of one document, read again where libyaml does not take it: yaml_mend.h */
#define LIMIT_MERGE_STEPS ((size_t)50000000)  /* items that one strategic merge patch compares in lists */
#define LIMIT_MERGE_KEYS ((size_t)1000000000) /* keys that one strategic merge patch looks at in mappings, once for each key */
#define LIMIT_BUILD_BYTES LIMIT_MIB(1024)     /* memory of one Kustomize build */
#define LIMIT_BUILD_DIRS ((size_t)10000) /* kustomizations that one build goes through, the same one as often as it is named */
#define LIMIT_REGEX_BYTES LIMIT_KIB(8)   /* one regular expression */
#define LIMIT_REGEX_DEPTH 200            /* groups inside of each other */
#define LIMIT_REGEX_STEPS 1000000        /* of one match */
#define LIMIT_REGEX_HEAP_KIB 16384
#define LIMIT_PROBLEMS ((size_t)200)    /* errors shown of one pass */
#define LIMIT_OBJECT_BYTES LIMIT_MIB(3) /* one object as JSON, the API server's own limit */

/* The API server. */
#define LIMIT_REPLY_BYTES LIMIT_MIB(256) /* one answer */
#define LIMIT_LIST_PAGE 500              /* objects of one answer to a watch's list */
#define LIMIT_KUBECONFIG_BYTES LIMIT_MIB(4)
#define LIMIT_TOKEN_BYTES LIMIT_KIB(64)
#define LIMIT_IN_FLIGHT 100 /* streams that the API server allows on one connection */

/* Git. */
#define LIMIT_GIT_REPLY_BYTES LIMIT_MIB(2048)
#define LIMIT_STORE_PACKS ((size_t)50) /* rebuilt beyond that: libgit2 does not repack */
#define LIMIT_STORE_BYTES LIMIT_MIB(4096)

/* Syncs. */
#define LIMIT_SYNC_BYTES LIMIT_MIB(1) /* a file of them */
#define LIMIT_SYNC_ITEMS ((size_t)64) /* of dependsOn, ignore, and the paths of one rule */

/* Records. etcd refuses 1.5 MiB; base64 and JSON around it take a third. */
#define LIMIT_RECORD_BYTES LIMIT_KIB(700)   /* compressed bytes of one inventory part */
#define LIMIT_INVENTORY_BYTES LIMIT_MIB(64) /* an inventory unpacked */
#define LIMIT_DELTA_ROWS ((size_t)64)       /* inventory changes that an outcome carries itself */
#define LIMIT_CAUSE_BYTES ((size_t)256)     /* kubernetes.io/change-cause */

/* The agent. */
#define LIMIT_LOG_LINE ((size_t)8192)       /* one line of the log */
#define LIMIT_METRICS_BYTES LIMIT_MIB(64)   /* one answer of /metrics */
#define LIMIT_METRIC_SERIES ((size_t)10000) /* of one family */
#define LIMIT_HOOK_BYTES LIMIT_MIB(25)      /* the body of a webhook call, GitHub's own limit; it passes by */
#define LIMIT_HTTP_HEAD LIMIT_KIB(16)       /* head of a request to the agent */
#define LIMIT_HTTP_CONNECTIONS 32           /* of one endpoint of the agent */

#endif
