//! Which key was meant.

/// The known key that `key` is most likely a slip of, if it is close to any.
pub(super) fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let key = key.to_ascii_lowercase().replace('-', "_");
    // A variable of the environment; one has another name than the key.
    let key = match key.strip_prefix("axonpush_") {
        Some("log") => "levels",
        Some(key) => key,
        None => &key,
    };
    let last = |key: &'_ str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let own = last(key);
    // A key that stands in the wrong table is closer than any slip of the pen.
    let closest = known
        .map(|name| {
            let slips = distance(key, name).min(distance(&own, &last(name)) + usize::from(own != last(name)));
            (slips, distance(key, name), name)
        })
        .min()?;
    let (slips, _, name) = closest;
    (slips <= 1 + own.chars().count() / 4).then_some(name)
}

/// Letters to add, drop or change until one text is the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&other) {
            let cost = (diagonal + usize::from(a != *b)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, cost);
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
