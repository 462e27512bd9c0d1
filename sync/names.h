/*
 * The names that plumb writes on objects and reads from them. Documented for users in docs/operations.md.
 */
#ifndef SYNC_NAMES_H
#define SYNC_NAMES_H

/* Field managers of server-side apply. */
#define MANAGER_PLUMB "plumb"
#define MANAGER_HANDOVER "plumb-handover" /* holds what plumb gave up and must not be reset (safety rule 5) */

/* Labels on every applied object: which sync owns it. */
#define LABEL_NAME "plumb.dev/name"
#define LABEL_NAMESPACE "plumb.dev/namespace"

/* Annotations that plumb writes. */
#define NOTE_DIGEST "plumb.dev/digest"
#define NOTE_TEMPLATE_COMMIT "plumb.dev/template-commit"
#define NOTE_CHANGE_CAUSE "kubernetes.io/change-cause"

/* Annotations that users write, on the manifest or (the first two) on the live object. */
#define NOTE_PRUNE "plumb.dev/prune"                 /* disabled */
#define NOTE_RECONCILE "plumb.dev/reconcile"         /* disabled */
#define NOTE_CONFLICTS "plumb.dev/conflicts"         /* force */
#define NOTE_TRANSFER_FROM "plumb.dev/transfer-from" /* NAMESPACE/NAME of the sync that had it */
#define NOTE_RECREATE "plumb.dev/recreate"           /* the immutable field, such as spec.selector */
#define NOTE_HEAL "plumb.dev/heal"                   /* once */

/* Annotations that users write on a Sync. */
#define NOTE_REQUESTED_AT "plumb.dev/requested-at"               /* any new value: sync now */
#define NOTE_FLUX_REQUESTED_AT "reconcile.fluxcd.io/requestedAt" /* the same */
#define NOTE_APPROVE_PRUNE "plumb.dev/approve-prune"             /* a commit whose prune may pass the brake */
#define WAY_APPROVE "the annotation " NOTE_APPROVE_PRUNE ": COMMIT allows it"
#define NOTE_SUSPEND_UNTIL "plumb.dev/suspend-until" /* RFC 3339 */

/* Their equivalents of other tools. */
#define NOTE_FLUX_PRUNE "kustomize.toolkit.fluxcd.io/prune"         /* disabled */
#define NOTE_FLUX_RECONCILE "kustomize.toolkit.fluxcd.io/reconcile" /* disabled */
#define NOTE_ARGO_OPTIONS "argocd.argoproj.io/sync-options"         /* Prune=false in a comma list */
#define NOTE_HELM_POLICY "helm.sh/resource-policy"                  /* keep */
#define NOTE_ARGO_HOOK "argocd.argoproj.io/hook"
#define NOTE_HELM_HOOK "helm.sh/hook"

/* Labels of the ledger's records (safety rule 22: only plumb.dev/ labels). */
#define LABEL_RECORD_OF "plumb.dev/record-of" /* the sync's name */
#define LABEL_RECORD "plumb.dev/record"       /* intent, outcome, revisions, inventory */

#endif
