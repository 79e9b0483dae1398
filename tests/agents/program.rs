//! The agent programs: where they are, how they are led to the scripted service, and what their tools are called.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::project::toml_text;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Program {
    Claude,
    Codex,
    Opencode,
    Gemini,
}

use Program::{Claude, Codex, Gemini, Opencode};

impl Program {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Claude => "claude",
            Codex => "codex",
            Opencode => "opencode",
            Gemini => "gemini",
        }
    }

    /// Its file; without it, the test is skipped and says so.
    pub(crate) fn installed(self) -> Option<PathBuf> {
        let folder = env::var_os("BLUEPRINT_AGENT_PROGRAMS").map(PathBuf::from);
        let file = folder.map(|folder| folder.join(self.name())).filter(|file| file.exists());
        if file.is_none() {
            eprintln!("skipped: BLUEPRINT_AGENT_PROGRAMS names no folder with the program {}", self.name());
        }
        file
    }

    /// `[runners.NAME]`: the program, led to the service, with a `HOME` below `folder` and more arguments.
    pub(crate) fn runner(self, name: &str, file: &Path, url: &str, folder: &Path, args: &[&str]) -> String {
        let file = file.to_str().unwrap();
        self.runner_by(name, &[file], url, folder, args)
    }

    /// The same, started by these words.
    pub(crate) fn runner_by(
        self,
        name: &str,
        command: &[&str],
        url: &str,
        folder: &Path,
        args: &[&str],
    ) -> String {
        let home = Self::home(folder, name);
        self.furnish(&home);
        let (ours, env) = self.leads(url);
        let args: Vec<_> = ours.iter().map(String::as_str).chain(args.iter().copied()).collect();
        let env = env.into_iter().chain([("HOME", home.to_str().unwrap().to_owned())]);
        let env: Vec<_> = env.map(|(name, value)| format!("{name} = {}\n", toml_text(&value))).collect();
        let env = env.concat();
        let kind = self.name();
        format!(
            "[runners.{name}]\nkind = \"{kind}\"\ncommand = {}\nargs = {}\n[runners.{name}.env]\n{env}",
            list(command),
            list(&args)
        )
    }

    /// The `HOME` of a runner; no other process has it.
    pub(crate) fn home(folder: &Path, runner: &str) -> PathBuf {
        folder.join(format!("home of {runner}"))
    }

    fn furnish(self, home: &Path) {
        fs::create_dir_all(home.join(".gemini")).unwrap();
        if self == Gemini {
            let turns =
                if home.ends_with("home of turns") { json!({"maxSessionTurns": 2}) } else { json!({}) };
            let settings = json!({
                "security": {"auth": {"selectedType": "gemini-api-key"}},
                "general": {"maxAttempts": 2},
                "model": turns,
            });
            fs::write(home.join(".gemini/settings.json"), settings.to_string()).unwrap();
        }
    }

    /// Arguments and variables. Where it can be told so, the program tries again twice at most.
    fn leads(self, url: &str) -> (Vec<String>, Vec<(&'static str, String)>) {
        match self {
            Claude => {
                let switches =
                    ["DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"];
                let switches = switches.map(|name| (name, "1".to_owned()));
                let service = [
                    ("ANTHROPIC_BASE_URL", url.to_owned()),
                    ("ANTHROPIC_API_KEY", "none".to_owned()),
                    ("CLAUDE_CODE_MAX_RETRIES", "2".to_owned()),
                ];
                (Vec::new(), service.into_iter().chain(switches).collect())
            }
            Codex => {
                let provider = format!(
                    "model_providers.stub={{name=\"stub\", base_url=\"{url}/v1\", wire_api=\"responses\", env_key=\"OPENAI_API_KEY\", request_max_retries=1, stream_max_retries=2}}"
                );
                let args = ["-c", "model_provider=\"stub\"", "-c", &provider, "--model=scripted"];
                (args.map(str::to_owned).to_vec(), vec![("OPENAI_API_KEY", "none".to_owned())])
            }
            Opencode => {
                let settings = json!({
                    "model": "stub/scripted", "small_model": "stub/scripted", "share": "disabled", "autoupdate": false,
                    "provider": {"stub": {
                        "npm": "@ai-sdk/openai-compatible",
                        "options": {"baseURL": format!("{url}/v1"), "apiKey": "none"},
                        "models": {"scripted": {"name": "scripted", "tool_call": true}},
                    }},
                });
                let switches = ["OPENCODE_DISABLE_MODELS_FETCH", "OPENCODE_DISABLE_AUTOUPDATE"];
                let switches = switches.map(|name| (name, "1".to_owned()));
                let settings = [("OPENCODE_CONFIG_CONTENT", settings.to_string())];
                (Vec::new(), settings.into_iter().chain(switches).collect())
            }
            Gemini => {
                let service =
                    [("GOOGLE_GEMINI_BASE_URL", url.to_owned()), ("GEMINI_API_KEY", "none".to_owned())];
                (vec!["--model=gemini-2.5-flash".to_owned()], service.to_vec())
            }
        }
    }

    /// A step in which it writes a file of its folder by its own tool.
    pub(crate) fn writes(self, file: &str, text: &str) -> Value {
        let path = format!("${{folder}}/{file}");
        match self {
            Claude => {
                json!({"text": "Writing.", "tool": "Write", "input": {"file_path": path, "content": text}})
            }
            Codex => self.runs(&format!("printf '%s' '{text}' > {file}")),
            Opencode => {
                json!({"text": "Writing.", "tool": "write", "input": {"filePath": path, "content": text}})
            }
            Gemini => {
                json!({"text": "Writing.", "tool": "write_file", "input": {"file_path": path, "content": text}})
            }
        }
    }

    /// A step in which it runs a command by its own tool.
    pub(crate) fn runs(self, command: &str) -> Value {
        let (tool, field) = match self {
            Claude => ("Bash", "command"),
            Codex => ("exec_command", "cmd"),
            Opencode => ("bash", "command"),
            Gemini => ("run_shell_command", "command"),
        };
        let mut input = json!({field: command});
        if matches!(self, Claude | Opencode) {
            input["description"] = json!("what the script says");
        }
        json!({"text": "", "tool": tool, "input": input})
    }

    /// A step in which it wants to write a file where it must not.
    pub(crate) fn reaches_out(self, path: &Path) -> Value {
        let path = path.to_str().unwrap();
        match self {
            Claude => json!({"tool": "Write", "input": {"file_path": path, "content": "x"}}),
            Codex => self.runs(&format!("echo x > '{path}'")),
            Opencode => json!({"tool": "write", "input": {"filePath": path, "content": "x"}}),
            Gemini => json!({"tool": "write_file", "input": {"file_path": path, "content": "x"}}),
        }
    }

    /// A step in which it says that it is done, in the form that it was asked for.
    pub(crate) fn is_done(self, summary: &str) -> Value {
        let answer = json!({"status": "done", "summary": summary, "deliverables": ["what.txt"], "question": null, "learnings": []});
        self.answers(&answer, &format!("Completed: {summary}"))
    }

    /// A step in which it asks.
    pub(crate) fn asks(self, question: &str) -> Value {
        let answer = json!({"status": "needs_clarification", "summary": "Half done.", "deliverables": [], "question": question, "learnings": []});
        self.answers(&answer, &format!("Half done.\n\nCLARIFICATION: {question}"))
    }

    /// A step in which it ends with that object, or, where its program asks for none, with these words.
    pub(crate) fn answers(self, structured: &Value, words: &str) -> Value {
        match self {
            Claude => json!({"tool": "StructuredOutput", "input": structured}),
            Codex => json!({"text": structured.to_string()}),
            Opencode | Gemini => json!({"text": words}),
        }
    }

    /// A step in which its model refuses.
    pub(crate) fn refuses(self) -> Value {
        let stop = match self {
            Claude => "refusal",
            Codex => "stop",
            Opencode => "content_filter",
            Gemini => "SAFETY",
        };
        json!({"text": "I will not do that.", "stop": stop})
    }
}

fn list(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| toml_text(word)).collect();
    format!("[{}]", words.join(", "))
}
