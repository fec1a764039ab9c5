//! Kubernetes quantities, as far as the schema lets them through.

/// Thousandths of a core: `500m`, `1`, `0.5`. Zero for what the schema refuses.
#[must_use]
pub fn cpu_millis(text: &str) -> u64 {
    if let Some(millis) = text.strip_suffix('m') {
        return millis.parse().unwrap_or(0);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = whole.parse().unwrap_or(0);
    let fraction: u64 = format!("{fraction:0<3}")
        .get(..3)
        .and_then(|f| f.parse().ok())
        .unwrap_or(0);
    whole * 1000 + fraction
}

/// Mebibytes: `512Mi`, `2Gi`. Zero for what the schema refuses.
#[must_use]
pub fn memory_mebibytes(text: &str) -> u64 {
    if let Some(mebi) = text.strip_suffix("Mi") {
        return mebi.parse().unwrap_or(0);
    }
    text.strip_suffix("Gi")
        .and_then(|g| g.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_compare_as_numbers() {
        assert_eq!(cpu_millis("500m"), cpu_millis("0.5"));
        assert_eq!(cpu_millis("1.25"), 1250);
        assert_eq!(cpu_millis("2"), 2000);
        assert_eq!(memory_mebibytes("2Gi"), 2048);
        assert_eq!(memory_mebibytes("512Mi"), 512);
    }
}
