// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "dbcensus",
    products: [
        .executable(name: "dbcensus-agent", targets: ["Agent"]),
        .executable(name: "dbcensus-collector", targets: ["Collector"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "Terminal", swiftSettings: strict),
        .target(name: "Report", dependencies: ["CZlib"], swiftSettings: strict),
        .target(name: "HostView", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "Engines", dependencies: ["CLinux", "HostView", "Report"], swiftSettings: strict),
        .executableTarget(
            name: "Agent", dependencies: ["CLinux", "Engines", "HostView", "Report", "Terminal", argumentParser],
            swiftSettings: strict),
        .target(name: "Store", dependencies: ["Report", grdb], swiftSettings: strict),
        .executableTarget(
            name: "Collector", dependencies: ["Store", "Report", "Terminal", argumentParser], swiftSettings: strict),
        .testTarget(name: "TerminalTests", dependencies: ["Terminal"], swiftSettings: strict),
        .testTarget(name: "ReportTests", dependencies: ["Report"], swiftSettings: strict),
        .testTarget(
            name: "HostViewTests", dependencies: ["HostView", "CLinux"], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "EnginesTests", dependencies: ["Engines", "HostView", "Report"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "AgentTests", dependencies: ["Agent", "Engines", "HostView", "Report"], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(name: "StoreTests", dependencies: ["Store", "Report"], swiftSettings: strict),
        .testTarget(
            name: "CollectorTests", dependencies: ["Collector", "Store", "Report"], swiftSettings: strict),
        .testTarget(name: "RepositoryTests", dependencies: ["Engines"], swiftSettings: strict),
    ]
)

// libFuzzer brings its own main: the target is there for scripts/fuzz alone.
if Context.environment["DBCENSUS_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz", dependencies: ["Engines", "HostView", "Report"], path: "Tests/Fuzz", exclude: ["seeds.py"]))
}
