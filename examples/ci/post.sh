#!/usr/bin/env bash
# Posts the comment that plan.sh wrote, in the place of the one that it posted before.
# It needs curl and jq.
#
#   POST      github or gitlab; nothing is posted where it is empty
#   COMMENT   file that holds the comment; plan.md where none is given
#   TOKEN     may write comments
#   NUMBER    of the pull request, or of the merge request in its project
#
# Of GitHub, GITHUB_API_URL and GITHUB_REPOSITORY are set by the runner; of GitLab,
# CI_API_V4_URL and CI_PROJECT_ID.
set -euo pipefail

comment=${COMMENT:-plan.md}
marker='<!-- customhouse plan -->'

case "${POST:-}" in
'')
  exit 0
  ;;
github)
  header="Authorization: Bearer ${TOKEN:?may write comments}"
  list="${GITHUB_API_URL:?}/repos/${GITHUB_REPOSITORY:?}/issues/${NUMBER:?of the pull request}/comments"
  one="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/comments"
  change=PATCH
  ;;
gitlab)
  header="PRIVATE-TOKEN: ${TOKEN:?may write comments}"
  list="${CI_API_V4_URL:?}/projects/${CI_PROJECT_ID:?}/merge_requests/${NUMBER:?of the merge request}/notes"
  one=$list
  change=PUT
  ;;
*)
  echo "POST is $POST: it has to be github or gitlab" >&2
  exit 1
  ;;
esac

# The token is read from standard input, where no list of processes shows it.
ask() { curl --silent --show-error --fail-with-body --header @- "$@" <<<"$header"; }

id=
for ((page = 1; ; page++)); do
  found=$(ask "$list?per_page=100&page=$page")
  id=$(jq -r --arg marker "$marker" '[.[] | select(.body | startswith($marker)) | .id][0] // empty' <<<"$found")
  if [ -n "$id" ] || [ "$(jq length <<<"$found")" -lt 100 ]; then
    break
  fi
done

body=$(mktemp)
trap 'rm -f "$body"' EXIT
jq -Rs '{body: .}' "$comment" >"$body"
if [ -n "$id" ]; then
  ask --request "$change" --header 'Content-Type: application/json' --data-binary "@$body" --output /dev/null "$one/$id"
else
  ask --request POST --header 'Content-Type: application/json' --data-binary "@$body" --output /dev/null "$list"
fi
