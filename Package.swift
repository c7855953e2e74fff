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
let simulator: [Target.Dependency] = [
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let web: [Target.Dependency] =
    simulator + [
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOFoundationCompat", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    ]
let collector: [Target.Dependency] = [
    .product(name: "AsyncHTTPClient", package: "async-http-client"),
    .product(name: "HummingbirdTLS", package: "hummingbird"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
    .product(name: "Yams", package: "Yams"),
]
let aws: [Target.Dependency] = [
    .product(name: "AsyncHTTPClient", package: "async-http-client"),
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOFoundationCompat", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
/// What those bring with them, pinned too. SwiftPM warns that no target uses them; the versions hold all the same.
/// Tests/EndToEnd/test_repository.py fails when a package is in the build that this file does not pin.
let indirect: [(repository: String, version: Version)] = [
    ("apple/swift-algorithms.git", "1.2.1"),
    ("apple/swift-asn1.git", "1.7.4"),
    ("apple/swift-async-algorithms.git", "1.1.4"),
    ("apple/swift-atomics.git", "1.3.0"),
    ("apple/swift-certificates.git", "1.21.1"),
    ("apple/swift-collections.git", "1.6.0"),
    ("apple/swift-configuration.git", "1.4.0"),
    ("apple/swift-distributed-tracing.git", "1.7.3"),
    ("apple/swift-http-structured-headers.git", "1.7.0"),
    ("apple/swift-metrics.git", "2.13.0"),
    ("apple/swift-nio-http2.git", "1.46.0"),
    ("apple/swift-nio-transport-services.git", "1.28.0"),
    ("apple/swift-numerics.git", "1.1.1"),
    ("apple/swift-service-context.git", "1.5.1"),
    ("apple/swift-system.git", "1.8.1"),
]

let package = Package(
    name: "dbcensus",
    products: [
        .executable(name: "dbcensus-agent", targets: ["Agent"]),
        .executable(name: "dbcensus-collector", targets: ["Collector"]),
        .executable(name: "fleet-simulator", targets: ["FleetSimulator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ] + indirect.map { .package(url: "https://github.com/\($0.repository)", exact: $0.version) },
    targets: [
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CExpat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CGlibc"),
        .target(name: "Terminal", swiftSettings: strict),
        .target(name: "Report", dependencies: ["CZlib"], swiftSettings: strict),
        .target(name: "HostView", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "Engines", dependencies: ["HostView", "Report"], swiftSettings: strict),
        .executableTarget(
            name: "Agent", dependencies: ["CLinux", "Engines", "HostView", "Report", "Terminal", argumentParser],
            swiftSettings: strict),
        .target(name: "Inventory", dependencies: ["Report"], swiftSettings: strict),
        .target(name: "SQL", swiftSettings: strict),
        .target(name: "SQLiteDriver", dependencies: ["SQL", grdb], swiftSettings: strict),
        .target(name: "CPostgres"),
        .target(name: "PostgresDriver", dependencies: ["CPostgres", "SQL"], swiftSettings: strict),
        .target(name: "Store", dependencies: ["Inventory", "Report", "SQL"], swiftSettings: strict),
        .target(
            name: "Stores", dependencies: ["Inventory", "PostgresDriver", "SQL", "SQLiteDriver", "Store"],
            swiftSettings: strict),
        .target(name: "Web", dependencies: ["Inventory", "Report", "Terminal"] + web, swiftSettings: strict),
        .target(name: "AWSClient", dependencies: ["CExpat"] + aws, swiftSettings: strict),
        .target(
            name: "Fleet",
            dependencies: [
                "AWSClient", "Inventory", "Report", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "Collector",
            dependencies: [
                "AWSClient", "CGlibc", "CLinux", "Fleet", "Inventory", "Report", "Store", "Stores", "Terminal",
                "Web", argumentParser,
            ]
                + web
                + collector,
            swiftSettings: strict),
        .executableTarget(
            name: "FleetSimulator", dependencies: ["CGlibc", "Report", argumentParser] + simulator,
            swiftSettings: strict),
        .testTarget(name: "TerminalTests", dependencies: ["Terminal"], swiftSettings: strict),
        .testTarget(
            name: "ReportTests", dependencies: ["Report", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict),
        .testTarget(
            name: "HostViewTests", dependencies: ["HostView", "CLinux"], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "EnginesTests", dependencies: ["Engines", "HostView", "Report"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "AgentTests", dependencies: ["Agent", "Engines", "HostView", "Report"], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(name: "AWSClientTests", dependencies: ["AWSClient"] + aws, swiftSettings: strict),
        // A command line around AWSClient, for the tests with moto and boto3 and for the benchmark.
        .executableTarget(
            name: "AWSProbe", dependencies: ["AWSClient", .product(name: "Logging", package: "swift-log")],
            path: "Tests/AWSProbe", swiftSettings: strict),
        .testTarget(
            name: "FleetTests",
            dependencies: [
                "AWSClient", "Fleet", "Inventory", "Report", "Store", "Stores", "TestPlaces",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        // Where tests have their stores.
        .target(
            name: "TestPlaces", dependencies: ["PostgresDriver", "SQL", "Store", "Stores"], path: "Tests/TestPlaces",
            swiftSettings: strict),
        .testTarget(name: "InventoryTests", dependencies: ["Inventory", "Report"], swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Inventory", "SQL", "SQLiteDriver", "Store", "Stores", "Report", "TestPlaces",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Inventory", "Store", "Stores", "Report", "TestPlaces", "Web",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ] + web, swiftSettings: strict),
        .testTarget(
            name: "CollectorTests",
            dependencies: [
                "Collector", "Inventory", "SQL", "SQLiteDriver", "Store", "Stores", "Report", "TestPlaces", "Web",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ] + web, swiftSettings: strict),
        .testTarget(name: "RepositoryTests", dependencies: ["Engines", "Inventory"], swiftSettings: strict),
    ]
)

// libFuzzer brings its own main: the target is there for scripts/fuzz alone.
if Context.environment["DBCENSUS_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz", dependencies: ["Engines", "HostView", "Report"], path: "Tests/Fuzz", exclude: ["seeds.py"]))
}
