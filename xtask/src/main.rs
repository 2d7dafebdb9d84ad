//! The program behind `cargo xtask`; everything it does lives in the library.
fn main() -> std::process::ExitCode {
    xtask::main()
}
