//! The values that a Secret holds, which no output may show.

use crate::object::Object;

/// Every value under `data` (as written and decoded) and `stringData` of the Secrets among the objects.
pub fn secret_values(objects: &[Object]) -> Vec<String> {
    let mut values = Vec::new();
    for object in objects.iter().filter(|o| o.id.kind == "Secret" && o.id.group.is_empty()) {
        for field in ["data", "stringData"] {
            let Some(node) = object.root.get(field) else { continue };
            node.leaves(&mut |_, leaf| {
                let Some(text) = leaf.text().filter(|t| !t.trim().is_empty()) else { return };
                // A block scalar is printed line by line.
                values.extend(text.lines().map(|line| line.trim().to_owned()));
                values.push(text.to_owned());
                if let Some(decoded) = (field == "data").then(|| decode(text)).flatten() {
                    values.extend(decoded.lines().map(|line| line.trim().to_owned()));
                }
            });
        }
    }
    values.retain(|v| v.len() >= 4);
    values.sort();
    values.dedup();
    values
}

/// Standard base64 with padding, as Kubernetes writes it, of UTF-8 text.
fn decode(text: &str) -> Option<String> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'=') {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(six)) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn data_is_known_as_written_and_decoded() {
        let text = "kind: Secret\nmetadata: {name: a}\ndata: {k: aGVsbG8gdGhlcmU=}\nstringData: {l: plain words}\n";
        let (objects, _) = crate::object::objects(text, "n");
        assert_eq!(super::secret_values(&objects), ["aGVsbG8gdGhlcmU=", "hello there", "plain words"]);
    }
}
