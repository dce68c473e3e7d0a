// swift-tools-version: 5.9
//
// The core for Swift. The headers and the library are those that `make install` or `koe bundle` gave;
// pkg-config finds them: PKG_CONFIG_PATH=<prefix>/lib/pkgconfig swift build

import PackageDescription

let package = Package(
    name: "KoeCore",
    platforms: [.macOS(.v13)],
    products: [.library(name: "KoeCore", targets: ["KoeCore"])],
    targets: [
        .systemLibrary(name: "CKoeCore", pkgConfig: "koe-core"),
        .target(name: "KoeCore", dependencies: ["CKoeCore"]),
    ]
)
