//! x
fn main() {
    let a: Vec<String> = std::env::args().collect();
    match xtask::helm::locate(a[1].as_ref(), &a[2], &|l| println!("> {l}")) {
        Ok(h) => println!("{h:?} {:?}", xtask::helm::verify(&h)),
        Err(e) => println!("error: {e}\nhelp: {}", e.next_step()),
    }
}
