//! Makes sure that the folder of the GraphiQL page is there, filled or not, and that the crate
//! is compiled anew when it changes.

fn main() {
    let page = "../web/graphiql/dist";
    std::fs::create_dir_all(page).expect("the folder can be made");
    println!("cargo::rerun-if-changed={page}");
}
