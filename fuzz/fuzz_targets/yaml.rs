//! The YAML tree: any text gives documents whose places lie inside it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for document in yaml::parse(text) {
        assert!(document.span.end.offset <= text.len());
        if let Some(root) = document.root {
            root.leaves(&mut |_, leaf| assert!(leaf.span.start.offset <= leaf.span.end.offset));
        }
    }
});
