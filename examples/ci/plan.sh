#!/usr/bin/env bash
# Says what the change of a pull request does to the customers of a target, in a
# file that post.sh can make a comment of.
#
#   BASE      the commit that the target runs, such as origin/main; it has to be there
#   PROJECT   folder of the project in the repository; . where none is given
#   TARGET    target of the project; its first one where none is given
#   COMMENT   file that gets the comment; plan.md where none is given
#   ARGS      more flags of customhouse plan, separated by spaces
#
# It ends with 0, whether there are changes or not, and otherwise with 1: where the
# plan fails, or a guard would stop a sync. What it found is in $GITHUB_OUTPUT too,
# where that is set, as changes=true or changes=false.
set -euo pipefail

: "${BASE:?is the commit to compare with}"
project=${PROJECT:-.}
comment=$(realpath -m "${COMMENT:-plan.md}")
read -r -a more <<<"${ARGS:-}"
if [ -n "${TARGET:-}" ]; then
  more+=(--target "$TARGET")
fi

base=$(mktemp -d)
trap 'git worktree remove --force "$base/tree" 2>/dev/null || true; rm -rf "$base"' EXIT
git worktree add --quiet --detach "$base/tree" "$BASE"
inside=$(git -C "$project" rev-parse --show-prefix)

rm -f "$comment"
code=0
customhouse plan --project-dir "$project" --candidate --base "$base/tree/$inside" \
  --comment "$comment" --detailed-exitcode "${more[@]}" || code=$?

changes=false
if [ "$code" -eq 2 ]; then
  changes=true
  code=0
fi
if [ ! -e "$comment" ]; then
  # What went wrong may name people, and is in the log for those who may read it.
  printf '%s\n### Customhouse plan\n\n**The plan failed.** The log of the job says why.\n' \
    '<!-- customhouse plan -->' >"$comment"
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "changes=$changes" >>"$GITHUB_OUTPUT"
fi
exit "$code"
