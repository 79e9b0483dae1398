# What the agent shell-developer does; read by local.sh.

build_foundation() {
    mkdir -p tally/lib tally/samples
    cat >tally/lib/base.sh <<'FILE'
# Read first by every part of tally.

# Bytes, not the user's language, decide what comes first: the same order on every machine.
LC_ALL=C
export LC_ALL

# Ends the program with a message: fail MESSAGE
fail() {
    printf 'tally: %s\n' "$*" >&2
    exit 2
}
FILE
    cat >tally/samples/rhyme.txt <<'FILE'
The plan was small, the plan was clear:
the parts were built both there and here.
A part that's done, a part that's tried,
the plan put all the parts side by side.
FILE
    say "wrote the shared base and a sample text"

    status=0
    (. tally/lib/base.sh && fail "on purpose") 2>/dev/null || status=$?
    [ "$status" -eq 2 ] || fail "fail ended with $status instead of 2"
    commit "Add what every part of tally shares" tally
    say "The foundation stands: tally/lib/base.sh, and a sample text of $(($(wc -l <tally/samples/rhyme.txt))) lines."
}

build_words() {
    need tally/lib/base.sh tally/samples/rhyme.txt
    cat >tally/lib/words.sh <<'FILE'
# words: text on standard input, one lower-case word per line on standard output.
# Punctuation is dropped, but an apostrophe belongs to its word.
words() {
    tr '[:upper:]' '[:lower:]' | tr -s '[:space:].,:;!?()"' '\n' |
        while IFS= read -r word || [ -n "$word" ]; do
            [ -z "$word" ] || printf '%s\n' "$word"
        done
}
FILE
    say "wrote tally/lib/words.sh, now trying it on the sample"

    found=$(($(. tally/lib/base.sh && . tally/lib/words.sh && words <tally/samples/rhyme.txt | wc -l)))
    [ "$found" -eq 33 ] || fail "the sample has 33 words, but $found were found"
    # Left uncommitted on purpose: blueprint commits what an agent leaves behind.
    say "words() finds all $found words of the sample text."
}

build_rank() {
    need tally/lib/base.sh
    cat >tally/lib/rank.sh <<'FILE'
# rank N: one word per line on standard input, the N most frequent as "COUNT WORD" on standard output,
# most frequent first, equal counts in alphabetical order.
rank() {
    case ${1:-} in
    '' | *[!0-9]*) fail "--top takes a number, not '${1:-}'" ;;
    esac
    sort | uniq -c | sort -k1,1nr -k2,2 | head -n "$1" |
        while read -r count word; do
            printf '%s %s\n' "$count" "$word"
        done
}
FILE
    say "wrote tally/lib/rank.sh, now trying it"

    first=$(. tally/lib/base.sh && . tally/lib/rank.sh && printf '%s\n' pear fig fig pear plum | rank 1)
    [ "$first" = "2 fig" ] || fail "two figs and two pears: expected '2 fig' first, got '$first'"
    if (. tally/lib/base.sh && . tally/lib/rank.sh && rank many) </dev/null 2>/dev/null; then
        fail "rank takes 'many' for a number"
    fi
    commit "Rank words by how often they occur" tally/lib/rank.sh
    say "rank() sorts by count, then by alphabet, and refuses what is no number."
}

build_cli() {
    need tally/lib/base.sh tally/lib/words.sh tally/lib/rank.sh tally/samples/rhyme.txt
    cat >tally/tally.sh <<'FILE'
#!/bin/sh
# tally: prints the words that a text uses most.
set -eu

here=$(dirname -- "$0")
. "$here/lib/base.sh"
. "$here/lib/words.sh"
. "$here/lib/rank.sh"

top=10
while [ $# -gt 0 ]; do
    case $1 in
    --top)
        [ $# -ge 2 ] || fail "--top takes a number"
        top=$2
        shift 2
        ;;
    --help)
        printf 'usage: sh tally.sh [--top N] [FILE]...\n'
        exit 0
        ;;
    -?*) fail "unknown option '$1', try --help" ;;
    *) break ;;
    esac
done

for file; do
    [ -r "$file" ] && [ ! -d "$file" ] || fail "cannot read '$file'"
done
cat -- "$@" | words | rank "$top"
FILE
    chmod +x tally/tally.sh
    say "joined words and rank in tally/tally.sh"

    first=$(sh tally/tally.sh --top 1 tally/samples/rhyme.txt)
    [ "$first" = "5 the" ] || fail "expected '5 the' on top of the sample, got '$first'"
    commit "Join the parts into a command" tally/tally.sh
    say "tally works: on top of the sample text stands \"$first\"."
}

case $TASK_ID in
foundation) build_foundation ;;
words) build_words ;;
rank) build_rank ;;
cli) build_cli ;;
*) fail "I don't know how to do task $TASK_ID" ;;
esac
