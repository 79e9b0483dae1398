//! Tables of Markdown.

/// A table; what is in its cells is escaped already.
pub(super) struct Table {
    text: String,
}

impl Table {
    /// With those heads.
    pub(super) fn new(heads: &[&str]) -> Self {
        let mut table = Self { text: String::new() };
        table.row(heads);
        table.text.push_str(&"| --- ".repeat(heads.len()));
        table.text.push_str("|\n");
        table
    }

    /// One more row.
    pub(super) fn row(&mut self, cells: &[&str]) {
        for cell in cells {
            self.text.extend(["| ", cell, if cell.is_empty() { "" } else { " " }]);
        }
        self.text.push_str("|\n");
    }

    pub(super) fn text(self) -> String {
        self.text
    }
}
