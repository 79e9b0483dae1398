use super::{Key, Table, key};

pub(crate) const INTRODUCTION: &str = "blueprint.toml lies beside the plan or at the repository's root. Where both \
are there, the nearer one wins, key by key; flags of the command line win over both. An unknown key is an error. \
Durations are written like `90s`, `60m` or `1h 30m`; a command is a text for the shell (`\"npm ci\"`), a list of a \
program and its arguments (`[\"npm\", \"ci\"]`), or, where that is said, a table `{ run = …, name = …, timeout = … }`.";

/// In the order in which they are shown.
pub(crate) const TABLES: [Table; 13] = [
    Table { name: "Tasks and attempts", about: "Keys at the top of the file.", keys: &TASKS },
    Table { name: "Agents", about: "Keys at the top of the file.", keys: &AGENTS },
    Table { name: "Worktrees", about: "Keys at the top of the file.", keys: &WORKTREES },
    Table { name: "Merging and landing", about: "Keys at the top of the file.", keys: &MERGING },
    Table { name: "Safety", about: "Keys at the top of the file.", keys: &SAFETY },
    Table { name: "Limits and budgets", about: "Keys at the top of the file.", keys: &BUDGETS },
    Table { name: "Gates and messages", about: "Keys at the top of the file.", keys: &GATING },
    Table {
        name: "[runners.NAME]",
        about: "A program that plays agents. `claude`, `codex`, `opencode` and `gemini` are there without a table.",
        keys: &RUNNER,
    },
    Table {
        name: "[agents.NAME] and [tasks.ID]",
        about: "Who plays that agent, or does that task, and how. What a task's table says wins over its agent's.",
        keys: &AGENT,
    },
    Table { name: "[limits]", about: "Things of which there are only so many.", keys: &LIMITS },
    Table {
        name: "[price.\"MODEL\"]",
        about: "What a million tokens cost, for programs that tell their tokens alone. The longest name that the \
model's name begins with counts, or the runner's name.",
        keys: &PRICE,
    },
    Table {
        name: "[[gates]]",
        about: "What a task's work has to pass before it is merged, in this order.",
        keys: &GATE,
    },
    Table {
        name: "Tables within tables",
        about: "A command as a table (`setup`, `verify-integration`, `ask-command`), an entry of `bring`, and `notify`.",
        keys: &WITHIN,
    },
];

const TASKS: [Key; 8] = [
    key("jobs", "number from 1", "How many tasks are worked on at once.").default("4"),
    key("retries", "number", "How many further attempts follow an end that may pass.").default("2"),
    key("retry-outcomes", "list of outcomes", "Which ends may pass.")
        .default("[\"timed-out\", \"killed\", \"rate-limited\", \"unavailable\"]"),
    key(
        "timeout",
        "duration",
        "The longest that one attempt may take; then its whole tree of processes is ended.",
    )
    .default("\"60m\""),
    key(
        "stall-timeout",
        "duration",
        "The longest that an attempt may give no sign of life: neither output nor work \
of the processor.",
    )
    .default("\"15m\""),
    key("kill-grace", "duration", "The time between TERM and KILL.").default("\"10s\""),
    key(
        "git-timeout",
        "duration",
        "The longest that one call of git may take, with the hooks and filters that it \
starts.",
    )
    .default("\"30m\""),
    key(
        "allow-no-changes",
        "list of task ids",
        "Tasks that an agent program may end without a change; else that is \
the outcome `no-changes`, and the task fails.",
    )
    .default("[]"),
];

const AGENTS: [Key; 7] = [
    key("runner", "name", "The runner that plays agents which have none of their own.").default("\"claude\""),
    key(
        "agent-dirs",
        "list of folders",
        "Folders with agent definitions, relative to this file, looked through \
before the usual ones.",
    )
    .default("[]"),
    key(
        "require-definitions",
        "true or false",
        "Whether an agent without a definition is an error, not a warning.",
    )
    .default("false"),
    key(
        "definition",
        "`append` or `replace`",
        "Whether an agent's definition is added to its program's own \
instructions, or takes their place.",
    )
    .default("\"append\""),
    key(
        "env-pass",
        "list of names",
        "Variables that agents, steps and gates get beside PATH, HOME, USER, SHELL, \
LANG, LC_*, TERM, TZ, TMPDIR and what the runner's program needs; `NAME_*` for all that begin so.",
    )
    .default("[]"),
    key("context", "list of patterns", "Documents that agents are offered, by path and first heading.")
        .default("[]"),
    key(
        "ask-command",
        "command or table",
        "A program that answers questions of agents: it finds the question on \
standard input, and prints the answer.",
    ),
];

const WORKTREES: [Key; 8] = [
    key(
        "isolation",
        "`worktree`, `shared` or `none`",
        "Where agents work: each in a worktree of its own, all in one \
worktree, or in the checkout itself.",
    )
    .default("\"worktree\""),
    key("worktree-dir", "path", "Where worktrees are made; `{repo}`, `{epic}` and `{task}` are filled in.")
        .default("\"../{repo}.worktrees/{epic}/{task}\""),
    key("branch", "name", "The name of a task's branch; `{epic}` and `{task}` are filled in.")
        .default("\"blueprint/{epic}/{task}\""),
    key("bring", "list of paths or tables", "Ignored files of the checkout that each worktree gets, too.")
        .default("[]"),
    key(
        "setup",
        "list of commands or tables",
        "Steps that make a worktree ready, in this order; 15 minutes each \
unless said.",
    )
    .default("[]"),
    key("build-cache", "list of names", "Variables that get one folder for all worktrees of the plan.")
        .default("[]"),
    key(
        "keep",
        "`landed`, `failed`, `none` or `all`",
        "Which worktrees stay: all until they have landed, those of \
failed tasks, none, or all.",
    )
    .default("\"landed\""),
    key(
        "max-worktrees",
        "number from 1",
        "How many worktrees there are at most: those of merged tasks go, the \
oldest first; else a task waits.",
    ),
];

const MERGING: [Key; 5] = [
    key("base", "branch or commit", "What a plan starts from at its first run; HEAD, if left out."),
    key("strategy", "`merge`, `squash` or `rebase`", "How finished work gets into the integration branch.")
        .default("\"merge\""),
    key(
        "on-conflict",
        "`agent` or `block`",
        "Whether a merge conflict goes back to the task's agent, or blocks the \
task.",
    )
    .default("\"agent\""),
    key(
        "verify-integration",
        "command or table",
        "What is run on the merged work; with `every = N` after so many \
merges. If it fails, the merge with which it began to fail is taken out again.",
    ),
    key("commit-plan", "true or false", "Whether `land` commits the plan's state.").default("true"),
];

const SAFETY: [Key; 6] = [
    key("sandbox", "`auto`, `landlock`, `bwrap` or `off`", "What keeps agents in their worktrees.")
        .default("\"auto\""),
    key("require-sandbox", "true or false", "Whether nothing is run where there is no sandbox.")
        .default("false"),
    key("sandbox-write", "list of paths", "What else agents may write.").default("[]"),
    key("sandbox-read", "list of paths", "Secrets that agents may read.").default("[]"),
    key("allow-push", "true or false", "Whether agents may push.").default("false"),
    key("protected-paths", "list of patterns", "Work that changes such files waits for `blueprint approve`.")
        .default("[]"),
];

const BUDGETS: [Key; 5] = [
    key("max-cost", "US dollars", "What one run may cost."),
    key("max-tokens", "number from 1", "What one run may use up, tokens that are read and written together."),
    key("min-free-disk", "amount such as `1 GB`", "Nothing starts while less is free."),
    key("max-load", "number above 0", "Nothing starts while the machine's load is above it."),
    key(
        "jobserver",
        "true, false or number",
        "Whether builds that agents start (cargo; make from 4.4 on) share the \
cores, or how many jobs they share.",
    )
    .default("false"),
];

/// Their own table is below.
const GATING: [Key; 3] = [
    key("gate-iterations", "number", "How often work goes back to its agent when a gate does not pass.")
        .default("3"),
    key(
        "quality",
        "`mvp`, `production`, `enterprise` or `hyperscale`",
        "A profile: a named set of gates, known for \
Rust repositories.",
    ),
    key(
        "notify",
        "command or table",
        "Who is told when a task fails, is blocked or asks, and when a run is over: a program that finds a JSON \
document on its standard input, a webhook, or both.",
    ),
];

const RUNNER: [Key; 6] = [
    key(
        "kind",
        "`claude`, `codex`, `opencode`, `gemini` or `command`",
        "What sort of program it is; by its name or \
`command`, if left out.",
    ),
    key(
        "command",
        "list of texts",
        "Of a `command`: the program and its arguments, with `{config_dir}`, \
`{worktree}`, `{task}` and `{genesis}` filled in; never through a shell.",
    ),
    key("args", "list of texts", "Further arguments of its program.").default("[]"),
    key("model", "name", "The model, whatever definitions say."),
    key("env", "table of texts", "Variables that it gets, too."),
    key("jobs", "number from 1", "How many attempts of this runner there are at once."),
];

const AGENT: [Key; 10] = [
    key("runner", "name", "Who plays it."),
    key("model", "name", "The model, over the runner's and the definition's."),
    key("args", "list of texts", "Arguments that are added to the runner's.").default("[]"),
    key("timeout", "duration", "As at the top, for these attempts."),
    key("gates", "list of names", "These gates and no others."),
    key("isolation", "`worktree`, `shared` or `none`", "As at the top."),
    key(
        "needs-limit",
        "name or list of names",
        "What its attempts take of `[limits]`; what agent and task need adds \
up.",
    ),
    key("jobs", "number from 1", "Of an agent: how many of its attempts there are at once."),
    key("max-cost", "US dollars", "What one attempt may cost."),
    key("max-tokens", "number from 1", "What one attempt may use up."),
];

const LIMITS: [Key; 1] = [key("NAME", "number from 1", "How many attempts that need it there are at once.")];

const PRICE: [Key; 3] = [
    key("input", "US dollars", "Of what the model reads."),
    key("output", "US dollars", "Of what it writes."),
    key("cached-input", "US dollars", "Of what it reads from its cache; as `input`, if left out."),
];

const GATE: [Key; 15] = [
    key("name", "text", "What it is called; a profile's gate of this name is replaced."),
    key("kind", "`command`, `review` or `approve`", "Whether a command, an agent or a person decides.")
        .default("\"command\""),
    key("run", "command", "Of a command: exit code 0 passes."),
    key(
        "metric",
        "name or path",
        "The number in what the command prints (JSON, a line such as `pct: 81.5`, or a \
bare number); the gate's name, if left out.",
    ),
    key("at-least", "number", "What the metric has to be at least."),
    key("at-most", "number", "What the metric may be at most."),
    key(
        "patience",
        "number",
        "So many rounds without coming closer are borne; as `gate-iterations`, if left out.",
    ),
    key("agent", "name", "Of a review: who looks at the work.").default("\"reviewer\""),
    key("rounds", "number", "How often work goes back in all; 10 for metrics, else as `gate-iterations`."),
    key("when", "`always`, pattern or list of patterns", "Only for work that changes such files.")
        .default("\"always\""),
    key("agents", "list of names", "Only for the work of these agents."),
    key("tasks", "list of task ids", "Only for the work of these tasks."),
    key("timeout", "duration", "The longest that it may take.").default("\"15m\""),
    key("parallel", "true or false", "Whether it runs beside its neighbours that say so, too.")
        .default("false"),
    key("quality", "profile", "Only from this profile on."),
];

const WITHIN: [Key; 8] = [
    key("run", "command", "Of a command as a table, and of `notify`: what is run."),
    key("name", "text", "Of a command as a table: what it is called in logs; its beginning, if left out."),
    key("timeout", "duration", "Of a command as a table.").default("\"15m\""),
    key("every", "number from 1", "Of `verify-integration`: after so many merges.").default("1"),
    key("path", "path", "Of an entry of `bring`: a path in the checkout."),
    key("how", "`copy`, `reflink` or `symlink`", "Of an entry of `bring`.").default("\"copy\""),
    key(
        "webhook",
        "address or `$NAME`",
        "Of `notify`: an address that is sent the document by POST, or the variable that holds it.",
    ),
    key(
        "on",
        "list of words",
        "Of `notify`: which of `task-failed`, `task-blocked`, `question` and `run-ended`; all, if left out.",
    ),
];
