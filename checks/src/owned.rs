//! An entry of an environment's `owns` list: a host, which owns what lies below it too, or an IPv4 address or network.

use std::net::Ipv4Addr;

/// What an entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owned {
    /// A host in lower case; also what lies below it.
    Host(String),
    /// A network; an address is one of a single address.
    Network {
        /// Its first address.
        address: u32,
        /// Its mask.
        mask: u32,
    },
}

/// Why an entry can be found in no text, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// Reads an entry. `*.` before a host is allowed and says nothing: what lies below is owned anyway.
pub fn parse(entry: &str) -> Result<Owned, Wrong> {
    let lower = entry.trim().to_ascii_lowercase();
    let text = lower.strip_prefix("*.").unwrap_or(&lower);
    if let Some((address, mask)) = network(text) {
        return Ok(Owned::Network { address: address & mask, mask });
    }
    if is_host(text) {
        return Ok(Owned::Host(text.to_owned()));
    }
    let wrong = |what: &str, help: String| Err(Wrong { message: format!("`{}` {what}", entry.trim()), help });
    if text.bytes().all(|b| b.is_ascii_digit() || b"./".contains(&b)) {
        let help = "write an IPv4 address or a network, e.g. `192.0.2.7` or `10.1.0.0/16`";
        return wrong("is neither an IPv4 address nor a network", help.to_owned());
    }
    let alone = alone(text);
    if let Some(alone) = alone.filter(|alone| *alone != text) {
        return wrong("is more than a host", format!("write the host alone: `{alone}`"));
    }
    if text.matches(':').count() > 1 {
        let help = "name the host instead: IPv6 addresses are not looked for";
        return wrong("is no host and no IPv4 address", help.to_owned());
    }
    if text.contains(['*', '?', '[', '{']) {
        let help = "write the host that the others lie below, e.g. `dev.example.org`: it owns them too";
        return wrong("is a pattern", help.to_owned());
    }
    if !text.is_ascii() {
        let help = "write it as it stands in DNS, in ASCII (`xn--…`)";
        return wrong("is no host as DNS knows it", help.to_owned());
    }
    let help = "write a host such as `dev.example.org`, an address, or a network such as `10.1.0.0/16`";
    wrong("is no host", help.to_owned())
}

/// The host or network in a URL, a host with a port or a path, or one that ends in a dot.
fn alone(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = if network(rest).is_some() { rest } else { rest.split(['/', '?', '#']).next().unwrap_or_default() };
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let rest = match rest.split_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => rest,
    };
    let rest = rest.strip_prefix("*.").unwrap_or(rest).trim_matches('.');
    (is_host(rest) || network(rest).is_some()).then_some(rest)
}

/// Names of DNS; a last label of digits is a broken address.
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        let fits = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        fits && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let digits = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    text.len() <= 253 && text.split('.').all(label) && !digits
}

/// An IPv4 address, or a network in CIDR notation, as address and mask.
pub fn network(text: &str) -> Option<(u32, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, bits.parse::<u32>().ok().filter(|b| *b <= 32)?),
        None => (text, 32),
    };
    let address: Ipv4Addr = address.parse().ok()?;
    let mask = if bits == 0 { 0 } else { u32::MAX << (32 - bits) };
    Some((u32::from(address), mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_found_in_a_text_is_taken() {
        for host in
            ["example.org", "*.example.org", "Dev.Example.ORG", "localhost", "xn--bcher-kva.example", "1.example"]
        {
            assert!(matches!(parse(host), Ok(Owned::Host(_))), "{host}");
        }
        for network in ["10.1.2.3", "10.1.0.0/16", "0.0.0.0/0"] {
            assert!(matches!(parse(network), Ok(Owned::Network { .. })), "{network}");
        }
    }

    #[test]
    fn what_can_be_found_nowhere_is_refused_with_the_right_words() {
        let help = |entry: &str| parse(entry).unwrap_err().help;
        for (entry, alone) in [
            ("https://dev.example.org", "dev.example.org"),
            ("https://u@dev.example.org:8443/x?y#z", "dev.example.org"),
            ("dev.example.org:443", "dev.example.org"),
            ("dev.example.org/path", "dev.example.org"),
            ("dev.example.org.", "dev.example.org"),
            (".example.org", "example.org"),
            ("http://10.1.0.0/16", "10.1.0.0/16"),
            ("10.1.2.3:80", "10.1.2.3"),
        ] {
            assert_eq!(help(entry), format!("write the host alone: `{alone}`"), "{entry}");
        }
        for entry in ["10.1.0.0/33", "10.1.0/8", "300.1.1.1", "10.1.0.0/", "8080"] {
            assert!(help(entry).contains("IPv4"), "{entry}: {}", help(entry));
        }
        assert!(help("dev-*.example.org").contains("lie below"));
        assert!(help("2001:db8::1").contains("IPv6"));
        assert!(help("bücher.example").contains("xn--"));
        for entry in ["-a.example.org", "a..example.org", "two words.org", "a_b.org", "org/"] {
            assert!(parse(entry).is_err(), "{entry}");
        }
    }
}
