use proptest::prelude::*;

use super::*;

fn among(variables: &[(&str, &str)]) -> Secrets {
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Secrets::among(&variables)
}

fn is_secret(name: &str, value: &str) -> bool {
    among(&[(name, value)]).masked(value) != value
}

const KEY: &str = "Zx81-qwerty-0042";

#[test]
fn a_secret_is_known_by_its_variables_name() {
    for name in [
        "ANTHROPIC_API_KEY",
        "MY_TOKEN",
        "DB_PASSWORD",
        "PGPASSWORD",
        "npm_config__authToken",
        "TOKEN2",
        "X-Auth",
    ] {
        assert!(is_secret(name, KEY), "{name}");
    }
    for name in [
        "PATH",
        "KEYBOARD",
        "SSH_AUTH_SOCK",
        "TOKEN_FILE",
        "MAX_THINKING_TOKENS",
        "MONKEY",
        "GIT_CONFIG_KEY_0",
    ] {
        assert!(!is_secret(name, KEY), "{name}");
    }
}

#[test]
fn a_secret_is_known_by_its_shape_whatever_its_variable_is_called() {
    let jwt = format!("eyJ{}.eyJ{}.sig", "a1".repeat(12), "b2".repeat(12));
    let github = format!("ghp_{}", "a1B2".repeat(9));
    for value in ["sk-ant-api03-0123456789abcdef", &github, "AKIAIOSFODNN7EXAMPLE", &jwt] {
        assert!(is_secret("WHATEVER", value), "{value}");
    }
    let address = among(&[("DATABASE_URL", "postgres://app:s3cr3t-p4ss@db:5432/shop?x=1")]);
    assert_eq!(address.masked("psql postgres://app:s3cr3t-p4ss@db"), "psql postgres://app:***@db");
}

#[test]
fn short_and_common_values_are_never_masked() {
    for value in [
        "",
        "1",
        "true",
        "dummy",
        "password",
        "disabled",
        "20260112",
        "aaaaaaaaaaaa",
        "/run/secrets/token",
        "a-b-c-d",
    ] {
        assert!(!is_secret("API_TOKEN", value), "{value}");
    }
    let secrets = among(&[("GITHUB_TOKEN", "octocat-2000"), ("HOME", "/home/octocat-2000")]);
    assert!(secrets.is_empty(), "everybody sees it in a path");
}

#[test]
fn a_private_key_is_masked_whole_and_line_by_line() {
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
    let key = format!("-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----");
    let secrets = among(&[("DEPLOY", &key)]);
    assert_eq!(secrets.masked(&format!("a {key} b")), "a *** b");
    assert_eq!(secrets.masked(&format!("> {line}")), "> ***");
    assert_eq!(secrets.masked(&serde_json::to_string(&key).unwrap()), "\"***\"");
}

#[test]
fn a_secret_is_found_as_json_and_addresses_write_it_too() {
    let secrets = among(&[("PASSWORD", "p\"ss/w\u{f6}rd\\1")]);
    assert_eq!(secrets.masked(r#"{"text":"p\"ss/wörd\\1"}"#), r#"{"text":"***"}"#);
    assert_eq!(secrets.masked("https://x:p%22ss%2Fw%C3%B6rd%5C1@y"), "https://x:***@y");
}

#[test]
fn of_secrets_that_begin_alike_the_longest_is_masked() {
    let secrets = among(&[("A_KEY", "abcdefgh12"), ("B_KEY", "abcdefgh1234")]);
    assert_eq!(secrets.masked("abcdefgh1234 abcdefgh12 abcdefgh123"), "*** *** ***3");
}

#[test]
fn those_of_both_are_masked() {
    let both = among(&[("A_KEY", "first-secret-1")]).and(among(&[("B_KEY", "2-second-secret")]));
    assert_eq!(both.masked("first-secret-1 2-second-secret"), "*** ***");
}

/// Pushes the pieces one after another.
fn in_pieces(secrets: &Secrets, pieces: &[&[u8]]) -> Vec<u8> {
    let (mut masking, mut out) = (Masking::new(secrets), Vec::new());
    for piece in pieces {
        masking.push(piece, &mut out);
    }
    masking.finish(&mut out);
    out
}

#[test]
fn nothing_is_held_back_that_is_no_beginning_of_a_secret() {
    let secrets = among(&[("A_KEY", KEY)]);
    let (mut masking, mut out) = (Masking::new(&secrets), Vec::new());
    masking.push(b"a line\nZ", &mut out);
    assert_eq!(out, b"a line\n");
    masking.push(b"x80\n", &mut out);
    assert_eq!(out, b"a line\nZx80\n");
}

proptest! {
    #[test]
    fn however_a_text_is_cut_into_pieces_no_secret_is_left_in_it(
        words in proptest::collection::vec(proptest::sample::select(vec!["Zx81-qwerty-0042", "Zx81-q", "Zx81-qwerty-00", "-0042", "x", "\u{f6}", "\n"]), 0..20),
        cuts in proptest::collection::vec(0usize..200, 0..8),
    ) {
        let secrets = among(&[("A_KEY", KEY), ("B_TOKEN", "Zx81-qwerty-00")]);
        let text = words.concat().into_bytes();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        let masked = in_pieces(&secrets, &pieces);
        prop_assert_eq!(&masked, &in_pieces(&secrets, &[&text]));
        prop_assert!(!String::from_utf8(masked).unwrap().contains("Zx81-qwerty-00"));
    }
}
