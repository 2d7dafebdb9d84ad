//! What letters look like: English-like words, sequences, variety. Pure arithmetic on bytes; it knows neither names nor
//! credentials.

use std::borrow::Cow;

/// For each first letter, the second letters that follow it often in English and in technical words.
const FOLLOWS: [u32; 26] = [
    0x13e_bd7f, 0x016_493f, 0x11e_4dbf, 0x016_593f, 0x1ff_f87f, 0x11a_493f, 0x016_69d1, 0x01a_4111, 0x2ae_f87f,
    0x000_0010, 0x014_0111, 0x11c_c919, 0x114_d113, 0x03c_6d7d, 0x1fe_fd6f, 0x01e_c991, 0x010_0000, 0x13e_fd7f,
    0x11d_dd95, 0x15e_c995, 0x00e_b95f, 0x000_4111, 0x006_6191, 0x008_8110, 0x00c_a000, 0x000_0011,
];

/// A run of letters that could be a word: most of its letter pairs are usual and it has a vowel.
pub fn wordlike(letters: &[u8]) -> bool {
    if letters.len() < 2 {
        return true;
    }
    let mut usual = 0;
    let mut vowel = false;
    let mut previous: Option<u8> = None;
    for &b in letters {
        let c = b.to_ascii_lowercase();
        if !c.is_ascii_lowercase() {
            return false;
        }
        vowel |= matches!(c, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
        if let Some(p) = previous {
            usual += usize::from(FOLLOWS[usize::from(p - b'a')] >> (c - b'a') & 1 == 1);
        }
        previous = Some(c);
    }
    let pairs = letters.len() - 1;
    (vowel || letters.len() <= 3) && usual * 100 >= pairs * if pairs < 4 { 60 } else { 74 }
}

/// The runs of one class (letters of one word, digits) in a text, in order.
pub fn runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() && !text[at].is_ascii_alphanumeric() {
            at += 1;
        }
        if at == text.len() {
            return None;
        }
        let start = at;
        if text[at].is_ascii_digit() {
            while at < text.len() && text[at].is_ascii_digit() {
                at += 1;
            }
        } else {
            at += 1;
            // `Word`, `word` and `WORD` are one run each; `wORD` is two.
            let capitals = text[start].is_ascii_uppercase() && at < text.len() && text[at].is_ascii_uppercase();
            while at < text.len()
                && if capitals { text[at].is_ascii_uppercase() } else { text[at].is_ascii_lowercase() }
            {
                at += 1;
            }
            // `HTTPServer` is `HTTP` and `Server`.
            if capitals && at < text.len() && text[at].is_ascii_lowercase() && at - start > 1 {
                at -= 1;
            }
        }
        Some(&text[start..at])
    })
}

/// How many different bytes a text has.
pub fn variety(text: &[u8]) -> usize {
    let mut seen = [0u64; 4];
    for &b in text {
        seen[usize::from(b >> 6)] |= 1 << (b & 63);
    }
    seen.iter().map(|bits| bits.count_ones() as usize).sum()
}

/// Something a person typed to fill a place: one character over and over, or a run up or down the keyboard or the
/// alphabet (`aaaa`, `1234567890`, `abcdef123456`).
pub fn monotonous(text: &[u8]) -> bool {
    if text.len() < 4 {
        return true;
    }
    // Long random text may have no more than sixteen different characters, but never as few as eight.
    if variety(text) <= (2 + text.len() / 16).min(8) {
        return true;
    }
    is_stepped(text)
}

/// Whether most characters are the neighbours of those before them, on the keyboard or in the alphabet.
#[allow(clippy::needless_bitwise_bool)]
pub fn is_stepped(text: &[u8]) -> bool {
    let step = |(a, b): (&u8, &u8)| {
        let distance = b.to_ascii_lowercase().wrapping_sub(a.to_ascii_lowercase());
        // One down, none, one up. Bytes, and no short cuts: many are compared at once.
        u32::from((distance.wrapping_add(1) <= 2) | ((*a == b'9') & (*b == b'0')))
    };
    let steps: u32 = text.iter().zip(text.iter().skip(1)).map(step).sum();
    steps as usize * 100 >= text.len().saturating_sub(1) * 70
}

/// How much of a text is made of words: letters in word-like runs of four or more, per hundred characters.
pub fn word_share(text: &[u8]) -> usize {
    if text.is_empty() {
        return 0;
    }
    let inside: usize = runs(text)
        .filter(|run| !run[0].is_ascii_digit() && run.len() >= 4 && run.len() <= 24 && wordlike(run))
        .map(<[u8]>::len)
        .sum();
    inside * 100 / text.len()
}

/// Lower case, `-_. ` removed, the usual digit-for-letter play undone: `P@ssw0rd` and `pass-word` become `password`. What does
/// not fit is left out.
pub fn plain<'a>(text: &[u8], into: &'a mut [u8]) -> &'a [u8] {
    let mut count = 0;
    for &b in text {
        let Some(slot) = into.get_mut(count) else { break };
        *slot = PLAIN[usize::from(b)];
        // What is left out is written over.
        count += usize::from(*slot != 0);
    }
    &into[..count]
}

const PLAIN: [u8; 256] = {
    let mut plain = [0; 256];
    let mut at = 0;
    while at < 256 {
        #[allow(clippy::cast_possible_truncation)]
        let b = at as u8;
        plain[at] = match b {
            b'0' => b'o',
            b'1' | b'!' => b'i',
            b'3' => b'e',
            b'4' | b'@' => b'a',
            b'5' | b'$' => b's',
            b'7' => b't',
            b'-' | b'_' | b'.' | b' ' => 0,
            _ => b.to_ascii_lowercase(),
        };
        at += 1;
    }
    plain
};

/// Where the first of two bytes that follow each other stands. For texts so short that a searcher's start would cost more than the
/// search: the second byte is looked for, `#` of ` #`.
pub fn find_pair(text: &[u8], pair: [u8; 2]) -> Option<usize> {
    memchr::memchr_iter(pair[1], text).find(|&at| at > 0 && text[at - 1] == pair[0]).map(|at| at - 1)
}

/// Whether two bytes follow each other somewhere.
pub fn has_pair(text: &[u8], pair: [u8; 2]) -> bool {
    find_pair(text, pair).is_some()
}

/// Bytes as text. What is no text is replaced; nearly all is, and is checked at once.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// How often one byte follows itself, at most; `same` may take several bytes as one.
pub fn longest_run(text: &[u8], same: impl Fn(u8) -> bool) -> usize {
    let (mut run, mut longest) = (0, 0);
    for &b in text {
        run = if same(b) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Whether `text` holds `part`, ASCII case aside. `part` is lower case.
pub fn holds(text: &[u8], part: &[u8]) -> bool {
    text.len() >= part.len() && text.windows(part.len()).any(|w| w.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_noise() {
        for word in ["password", "postgres", "release", "keycloak", "grafana", "service", "internal", "operator"] {
            assert!(wordlike(word.as_bytes()), "{word}");
        }
        for noise in ["qzkfjwnv", "xkqjwpfz", "bdfgkqtz"] {
            assert!(!wordlike(noise.as_bytes()), "{noise}");
        }
    }

    #[test]
    fn runs_follow_case_and_digits() {
        let parts: Vec<_> = runs(b"myHTTPServer2-go").map(|r| String::from_utf8_lossy(r).into_owned()).collect();
        assert_eq!(parts, ["my", "HTTP", "Server", "2", "go"]);
    }

    #[test]
    fn filling_is_monotonous() {
        for filling in ["xxxxxxxx", "1234567890", "abcdefgh", "0000-0000"] {
            assert!(monotonous(filling.as_bytes()), "{filling}");
        }
        assert!(!monotonous(b"kx83hq9z"));
        assert!(!monotonous(&b"kx83hq9zw0vb2nf4".repeat(100)), "a long text has no more digits than its alphabet");
    }
}
