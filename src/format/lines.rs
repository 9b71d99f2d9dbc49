//! Lines of a text, whatever ends them.

/// The lines of a text. `\r\n`, `\n` and `\r` alone each end one: tables come from many programs, and one whose ends are not
/// seen is a single line, its header, which would read as a table without rows.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.strip_prefix("\r\n").or_else(|| after.strip_prefix(['\r', '\n'])).unwrap_or_default();
        Some(line)
    })
}
