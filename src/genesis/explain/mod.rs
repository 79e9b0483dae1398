//! What each code means, with an example and what to do: the pages of `validate --explain`.

use super::Code;

/// One page a code, each below a line `## CODE`. The code's title and severity are in the table of codes.
const PAGES: &str = include_str!("pages.md");

impl Code {
    /// What it means, an example of the mistake and of how it is done right, and what to do; Markdown.
    pub fn page(self) -> &'static str {
        page(self.as_str()).unwrap_or_default()
    }
}

fn page(code: &str) -> Option<&'static str> {
    let page = PAGES.split("\n## ").skip(1).find_map(|page| page.strip_prefix(code)?.strip_prefix('\n'))?;
    Some(page.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_page_with_an_example_and_no_page_is_left_over() {
        let headings: Vec<_> =
            PAGES.split("\n## ").skip(1).map(|page| page.lines().next().unwrap_or_default()).collect();
        let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(headings, codes, "in the order of the table");
        for code in Code::ALL {
            for part in ["\nWrong:\n", "\nRight:\n", "\nWhat to do: "] {
                assert!(code.page().contains(part), "{code} has no {part:?}");
            }
            assert!(code.page().lines().all(|line| line.chars().count() <= 80), "{code} is too wide");
        }
    }
}
