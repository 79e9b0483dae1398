# What the agent tester does; read by local.sh.

[ "$TASK_ID" = tests ] || fail "I don't know how to do task $TASK_ID"
need tally/tally.sh tally/lib/base.sh tally/lib/words.sh tally/lib/rank.sh tally/samples/rhyme.txt

mkdir -p tally/tests
cat >tally/tests/run.sh <<'FILE'
#!/bin/sh
# Checks every part of tally, and the whole. Ends with 0 if all checks pass.
set -u
cd "$(dirname -- "$0")/.." || exit 1
. lib/base.sh
. lib/words.sh
. lib/rank.sh

ran=0
failed=0

# check NAME EXPECTED ACTUAL
check() {
    ran=$((ran + 1))
    if [ "$2" = "$3" ]; then
        printf 'ok %d - %s\n' "$ran" "$1"
    else
        failed=$((failed + 1))
        printf 'not ok %d - %s\n    expected: %s\n    found:    %s\n' "$ran" "$1" "$2" "$3"
    fi
}

# The exit code of a command that is expected to complain: code COMMAND...
code() {
    "$@" >/dev/null 2>&1
    printf '%d' $?
}

lines() {
    printf '%s\n' "$@"
}

check "words are lower case, one per line" "$(lines one two)" "$(printf 'One TWO' | words)"
check "punctuation is no part of a word" "$(lines stop go)" "$(printf '(Stop!) ...go?' | words)"
check "an apostrophe is" "$(lines "that's" it)" "$(printf "That's it." | words)"
check "an empty text has no words" "" "$(printf ' \n\n' | words)"

check "the most frequent word comes first" "$(lines '2 b' '1 a')" "$(lines a b b | rank 2)"
check "equal counts are in alphabetical order" "$(lines '1 a' '1 b' '1 c')" "$(lines c a b | rank 3)"
check "no more words than asked for" "1 a" "$(lines a b c | rank 1)"

check "the command reads a file" "$(lines '5 the' '3 plan')" "$(sh tally.sh --top 2 samples/rhyme.txt)"
check "and standard input" "2 go" "$(printf 'Go, go' | sh tally.sh)"
check "a file that isn't there is an error" 2 "$(code sh tally.sh no-such-file)"
check "an unknown option is one" 2 "$(code sh tally.sh --upside-down)"
check "a --top that is no number is one" 2 "$(code sh tally.sh --top many samples/rhyme.txt)"

if [ "$failed" -gt 0 ]; then
    printf '%d of %d checks fail\n' "$failed" "$ran"
    exit 1
fi
printf 'all %d checks pass\n' "$ran"
FILE
commit "Test every part of tally and the whole" tally/tests/run.sh
say "wrote tally/tests/run.sh, now running it"

# The record stays uncommitted, for blueprint to commit.
if ! sh tally/tests/run.sh >tally/tests/results.txt; then
    cat tally/tests/results.txt
    fail "tally has a bug, see the checks above"
fi
cat tally/tests/results.txt

# Checks that can't fail prove nothing: they have to notice a part that does no work.
broken=$(mktemp -d)
trap 'rm -rf "$broken"' EXIT
cp -R tally "$broken/tally"
printf 'words() { cat; }\n' >"$broken/tally/lib/words.sh"
if sh "$broken/tally/tests/run.sh" >/dev/null; then
    fail "the checks pass although words() is broken"
fi

while read -r line; do result=$line; done <tally/tests/results.txt
say "tally is tested: $result, and they notice when a part is broken."
