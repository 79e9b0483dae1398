# What the agent writer does; read by local.sh.

[ "$TASK_ID" = guide ] || fail "I don't know how to do task $TASK_ID"
need tally/tally.sh tally/samples/rhyme.txt

say "asking the program itself what it prints"
usage=$(sh tally/tally.sh --help)
example=$(cd tally && sh tally.sh --top 3 samples/rhyme.txt)

cat >tally/README.md <<FILE
# tally

Prints the words that a text uses most. It needs a POSIX shell and coreutils, nothing else.

    $usage

Without a file it reads standard input; without \`--top\` it prints ten words.

    \$ sh tally.sh --top 3 samples/rhyme.txt
$(printf '%s\n' "$example" | while read -r line; do printf '    %s\n' "$line"; done)

Each line is a count and a word: most frequent first, equal counts in alphabetical order. It ends with 0, or
with 2 and a message if a file can't be read or an option isn't known.

\`sh tests/run.sh\` checks all of this.
FILE
# Left uncommitted on purpose: blueprint commits what an agent leaves behind.
say "The guide is written, with an example that the program printed itself."
