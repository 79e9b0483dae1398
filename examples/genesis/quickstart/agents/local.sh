#!/bin/sh
# Plays the agents of this plan. blueprint starts it once for each task, in that task's own worktree.
#
# A language model would read its brief and think. This script looks up what the agent BLUEPRINT_AGENT does
# for the task TASK_ID. All else is real: it finds the work of its prerequisites, writes files, runs them and
# commits. The last line that it prints becomes the task's summary in genesis.xml; an exit code other than 0
# makes the task fail.
set -eu

here=${0%/*}

# One line of progress.
say() {
    printf '%s\n' "$*"
}

# Gives up, and says why: fail REASON
fail() {
    printf '%s: %s\n' "${BLUEPRINT_AGENT:-agent}" "$*" >&2
    exit 1
}

# Makes sure that the prerequisites' work is here: need FILE...
need() {
    for file; do
        [ -f "$file" ] || fail "task $TASK_ID builds on $file, which isn't in $WORKTREE_PATH"
    done
}

# Commits as this agent: commit MESSAGE FILE...
# What an agent leaves uncommitted, blueprint commits for it; some tasks here rely on that.
commit() {
    message=$1
    shift
    git add -- "$@"
    if git diff --cached --quiet; then return; fi
    git -c user.name="$BLUEPRINT_AGENT" -c user.email="$BLUEPRINT_AGENT@example.invalid" -c commit.gpgsign=false \
        commit --quiet --message "$message"
}

[ -n "${TASK_ID:-}" ] && [ -n "${BLUEPRINT_AGENT:-}" ] && [ -n "${WORKTREE_PATH:-}" ] ||
    fail "start me through blueprint: TASK_ID, BLUEPRINT_AGENT and WORKTREE_PATH say what to do"
[ -s "${BLUEPRINT_PROMPT_FILE:-}" ] || fail "there is no brief for task $TASK_ID"
[ -s "${GENESIS_FILE_PATH:-}" ] || fail "there is no plan at '${GENESIS_FILE_PATH:-}'"

say "$BLUEPRINT_AGENT takes up $TASK_ID: a brief of $(($(wc -l <"$BLUEPRINT_PROMPT_FILE"))) lines"
sleep "${QUICKSTART_PAUSE:-1}"

case $BLUEPRINT_AGENT in
shell-developer | tester | writer) . "$here/$BLUEPRINT_AGENT.sh" ;;
*) fail "no script here plays this agent" ;;
esac
