//! What people write where a value belongs and is not there: `changeme`, `<token>`, `xxxx`.

use super::lexicon::Lexicon;
use super::words::{holds, longest_run, plain, runs, word_share, wordlike};

/// Longer values are judged by their share of words.
const LONGEST: usize = 64;

// Words with separators and digit play taken out.
static INSIDE: Lexicon = Lexicon::new(
    "changeme changeit changethis replaceme replacewith replacethis tobereplaced pleasechange yourpassword \
     yoursecret yourtoken yourapikey youraccess yourclient yourkey yourown insertyour enteryour placeholder dummy \
     redacted notset notarealpassword fillme goeshere putyour \
     somepassword somesecret sometoken \
     passwordhere tokenhere keyhere secrethere examplepassword examplesecret exampletoken examplekey notasecret missingvalue tobeset tobefilled tobeprovided \
     fakepassword fakesecret faketoken fakekey samplepassword tobedefined setme overrideme updateme generateme \
     randompassword randomstring setinoverlay setbyci setviaenv providedby managedby injectedby storedin willbe \
     fromvault seevault longrandom requestvia base6aencoded youshould pleasegenerate",
);

// The same, unless digits or marks make a password of them: `SuperSecret123!`.
static SOFT: Lexicon = Lexicon::new(
    "secretpassword supersecret verysecret topsecret mypassword mysecret mytoken myapikey strongpassword securepassword",
);

/// Whether a value that looks generated spells a placeholder all the same: `Ch4ng3M3Pl34s3`.
pub fn spells_placeholder(value: &[u8]) -> bool {
    INSIDE.inside(plain(value, &mut [0; LONGEST]))
}

/// `ghp_abc...xyz`: three dots leave something out, unless other marks say that dots are among what the value is made of.
fn is_shortened(value: &[u8]) -> bool {
    const PART: usize = 8;
    let marks =
        || value.iter().any(|b| b.is_ascii_punctuation() && !matches!(b, b'.' | b'-' | b'_' | b'/' | b'+' | b'='));
    let dots = value.windows(3).position(|w| w == b"...");
    dots.is_some_and(|at| at < PART || value.len() < at + 3 + PART || value.len() > 40 || !marks())
}

/// Whether a value is one of the names of placeholders.
pub fn is_placeholder(value: &[u8]) -> bool {
    static WHOLE: Lexicon = Lexicon::new(
        "password passwd pass secret token apikey key pwd default none nil undefined foo bar baz foobar string value \
     todo fixme tbd na empty unset hidden masked removed encrypted sensitive asecret apassword secretkey \
     accesskey clientsecret secretvalue passwordvalue tokenvalue somevalue myvalue example sample fake mock \
     credentials credential authtoken accesstoken privatekey xxx xx abc blah sometext userpassword dbpassword \
     adminpassword rootpassword random required notused unused ignored ignore invalid thisisasecret missing",
    );
    // In a longer text these are words of a sentence.
    static SHORT: Lexicon = Lexicon::new("thepassword thesecret thetoken");
    let inner = value.trim_ascii();
    // Blanks hide nothing.
    let (Some(&first), Some(&last)) = (inner.first(), inner.last()) else { return true };
    if (first == b'<' && last == b'>')
        || inner.iter().all(|b| matches!(b, b'*' | b'x' | b'X' | b'.' | b'-' | b'_' | b'#' | b'?'))
    {
        return true;
    }
    // `_P12-PASSWORD_`
    if first == b'_'
        && last == b'_'
        && inner.len() > 4
        && inner.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    {
        return true;
    }
    if inner.starts_with("…".as_bytes()) || inner.starts_with("•".as_bytes()) || is_shortened(inner) {
        return true;
    }
    if (first == b'[' && last == b']')
        && inner[1..inner.len() - 1].iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b'_' | b'-'))
    {
        return true;
    }
    if inner.len() > LONGEST {
        return holds(inner, b"example") && word_share(inner) > 40;
    }
    if longest_run(inner, |b| b | 0x20 == b'x') >= 5 || longest_run(inner, |b| b == b'*') >= 5 {
        return true;
    }
    // `EXAMPLE` as the issuers write it into their own documentation, and `example` as a word of its own.
    let x = memchr::memchr2(b'x', b'X', inner).is_some();
    if x && (memchr::memmem::find(inner, b"EXAMPLE").is_some()
        || runs(inner).any(|r| r.eq_ignore_ascii_case(b"example")))
    {
        return true;
    }
    let mut buffer = [0; LONGEST];
    let plain = plain(inner, &mut buffer);
    let starts = |word: &str| plain.starts_with(word.as_bytes());
    (starts("your") || starts("enteryour") || starts("todo")) && runs(inner).all(wordlike)
        || INSIDE.inside(plain)
        || (SOFT.inside(plain)
            && inner.iter().filter(|b| b.is_ascii_digit() || b.is_ascii_punctuation() && !b"-_.".contains(b)).count()
                < 2)
        || (runs(inner).nth(3).is_none() && SHORT.inside(plain))
        || (WHOLE.has(plain) && runs(inner).nth(1).is_none() && inner.iter().all(u8::is_ascii_alphabetic))
}
