//! Programs that take a password on their command line under a flag that does not say so, or under none: `docker login -p`,
//! `sshpass -p`, `htpasswd -b`, `rabbitmqctl add_user`. A row a program; what flags say by themselves (`--password x`) is judged
//! with all other assignments.

use std::ops::Range;

/// Where the password of a program's command line is.
enum At {
    /// After one of these flags, or right behind it where `glued`.
    Flag(&'static [&'static str]),
    /// The last word, when there are so many words that are no flags, the program's own left out.
    Last(usize),
    /// The last word behind a sign in it: `user%password`.
    After(&'static [&'static str], u8),
}

/// The program, a word that must follow it (or nothing), and where its password is.
type Row = (&'static str, &'static str, At);

static PROGRAMS: &[Row] = &[
    ("docker ", "login", At::Flag(&["-p"])),
    ("podman ", "login", At::Flag(&["-p"])),
    ("nerdctl ", "login", At::Flag(&["-p"])),
    ("buildah ", "login", At::Flag(&["-p"])),
    ("skopeo ", "login", At::Flag(&["-p"])),
    ("crane ", "login", At::Flag(&["-p"])),
    ("oras ", "login", At::Flag(&["-p"])),
    ("registry login ", "", At::Flag(&["-p"])),
    ("az ", "login", At::Flag(&["-p"])),
    ("sshpass ", "", At::Flag(&["-p"])),
    ("openssl ", "enc", At::Flag(&["-k", "-K"])),
    ("ldapsearch ", "", At::Flag(&["-w"])),
    ("ldapadd ", "", At::Flag(&["-w"])),
    ("ldapmodify ", "", At::Flag(&["-w"])),
    ("ldapdelete ", "", At::Flag(&["-w"])),
    ("ldapwhoami ", "", At::Flag(&["-w"])),
    ("ldappasswd ", "", At::Flag(&["-w", "-s"])),
    ("mongo ", "", At::Flag(&["-p"])),
    ("mongosh ", "", At::Flag(&["-p"])),
    ("mongodump ", "", At::Flag(&["-p"])),
    ("mongorestore ", "", At::Flag(&["-p"])),
    ("mongoexport ", "", At::Flag(&["-p"])),
    ("mongoimport ", "", At::Flag(&["-p"])),
    ("snmpwalk ", "", At::Flag(&["-A", "-X"])),
    ("snmpget ", "", At::Flag(&["-A", "-X"])),
    ("smbclient ", "", At::After(&["-U"], b'%')),
    ("htpasswd ", "b", At::Last(2)),
    ("rabbitmqctl ", "add_user", At::Last(3)),
    ("rabbitmqctl ", "change_password", At::Last(3)),
    ("vault ", "login", At::Last(2)),
    ("mc ", "alias", At::Last(6)),
    ("mc ", "config", At::Last(7)),
    ("wpa_passphrase ", "", At::Last(2)),
];

/// How far a command line is looked at, before and after the program's name.
const REACH: usize = 1024;

/// The programs' names, each with the space behind it, without repeats.
pub fn names() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    PROGRAMS.iter().map(|row| row.0).filter(move |name| std::mem::replace(&mut last, name) != *name)
}

/// The ranges of passwords on the command line of the program whose name stands at `start..end` of a line.
pub fn passwords(line: &[u8], start: usize, end: usize) -> Vec<Range<usize>> {
    let named = &line[start..end];
    let before = start.checked_sub(1).map_or(b' ', |at| line[at]);
    if before.is_ascii_alphanumeric() || matches!(before, b'_' | b'-' | b'.' | b'$') {
        return Vec::new();
    }
    // No command is that long, and no line is looked through again and again.
    let line = &line[..line.len().min(end + REACH)];
    // Inside a string the command ends with it.
    let string = memchr::memchr_iter(b'"', &line[start.saturating_sub(REACH)..start]).count() % 2 == 1;
    let line = match memchr::memchr(b'"', &line[end..]) {
        Some(close) if string => &line[..end + close],
        _ => line,
    };
    let words = words(line, end);
    let mut found = Vec::new();
    for (_, follows, at) in PROGRAMS.iter().filter(|row| row.0.as_bytes().eq_ignore_ascii_case(named)) {
        let text = |range: &Range<usize>| &line[range.clone()];
        let flag = |range: &Range<usize>| text(range).starts_with(b"-");
        let fits = match at {
            _ if follows.is_empty() => true,
            // `-b`, alone or among others: the password is given.
            At::Last(_) if *follows == "b" => {
                words.iter().any(|w| flag(w) && !text(w).starts_with(b"--") && text(w).contains(&b'b'))
            }
            _ => words.iter().find(|w| !flag(w)).is_some_and(|w| text(w) == follows.as_bytes()),
        };
        if !fits {
            continue;
        }
        match at {
            At::Flag(flags) | At::After(flags, _) => {
                for (number, word) in words.iter().enumerate() {
                    let Some(flag) = flags.iter().find(|f| text(word).starts_with(f.as_bytes())) else { continue };
                    let value = if word.len() == flag.len() {
                        words.get(number + 1).cloned()
                    } else if flag.len() == 2 && !text(word).starts_with(b"--") && *named != *b"openssl " {
                        Some(unquoted(line, word.start + 2..word.end))
                    } else {
                        None
                    };
                    let value = match (value, at) {
                        (Some(v), At::After(_, sign)) => {
                            memchr::memchr(*sign, text(&v)).map(|at| v.start + at + 1..v.end)
                        }
                        (value, _) => value,
                    };
                    found.extend(value.filter(|v| !v.is_empty() && !flag_like(line, v)));
                }
            }
            At::Last(count) => {
                let plain: Vec<_> = words.iter().filter(|w| !flag(w)).collect();
                if plain.len() >= *count
                    && let Some(last) = plain.last()
                    && !text(last).contains(&b'=')
                {
                    found.push((*last).clone());
                }
            }
        }
    }
    found
}

fn flag_like(line: &[u8], value: &Range<usize>) -> bool {
    line[value.start] == b'-'
}

/// The words of one shell command, their quotes taken off; an end of the command ends them.
fn words(line: &[u8], from: usize) -> Vec<Range<usize>> {
    const MOST: usize = 24;
    let mut words = Vec::new();
    let mut at = from;
    while at < line.len() && words.len() < MOST {
        match line[at] {
            b' ' | b'\t' | b'\\' => at += 1,
            b'|' | b';' | b'&' | b'>' | b'<' | b'#' | b'`' | b'\n' | b')' => break,
            quote @ (b'"' | b'\'') => {
                let Some(length) = memchr::memchr(quote, &line[at + 1..]) else { break };
                words.push(at + 1..at + 1 + length);
                at += length + 2;
            }
            _ => {
                let length = line[at..]
                    .iter()
                    .take_while(|b| {
                        !b.is_ascii_whitespace() && !matches!(b, b'|' | b';' | b'`' | b'"' | b'\'' | b',' | b']')
                    })
                    .count();
                // `-p"x"` is one word.
                let end = at + length;
                if length == 0 {
                    break;
                }
                match line.get(end) {
                    Some(&quote @ (b'"' | b'\'')) if line[at] == b'-' && length == 2 => {
                        let Some(close) = memchr::memchr(quote, &line[end + 1..]) else { break };
                        words.push(at..end + close + 2);
                        at = end + close + 2;
                    }
                    _ => {
                        words.push(at..end);
                        at = end;
                    }
                }
            }
        }
    }
    words
}

fn unquoted(line: &[u8], range: Range<usize>) -> Range<usize> {
    let quoted =
        range.len() >= 2 && matches!(line[range.start], b'"' | b'\'') && line[range.end - 1] == line[range.start];
    if quoted { range.start + 1..range.end - 1 } else { range }
}

/// What a program reads from another: `echo 'x' | docker login --password-stdin`, `echo 'root:x' | chpasswd`.
pub fn piped(line: &[u8]) -> Option<Range<usize>> {
    let user = memchr::memmem::find(line, b"chpasswd").is_some();
    let sink = if user { b"chpasswd".as_slice() } else { b"password-stdin" };
    let sink = memchr::memmem::find(line, sink)?;
    let pipe = memchr::memrchr(b'|', &line[..sink])?;
    let lead = &line[..pipe];
    let (at, length) = [b"echo ".as_slice(), b"printf "]
        .into_iter()
        .find_map(|program| Some((memchr::memmem::rfind(lead, program)?, program.len())))?;
    let words = words(lead, at + length);
    let word = words.into_iter().find(|w| !flag_like(lead, w) && lead[w.clone()] != *b"%s")?;
    if !user {
        return Some(word);
    }
    let colon = memchr::memchr(b':', &lead[word.clone()])?;
    Some(word.start + colon + 1..word.end)
}
