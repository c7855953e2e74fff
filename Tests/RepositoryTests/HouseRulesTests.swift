import Engines
import Foundation
import Testing

/// House rules as tests: what a reviewer would otherwise have to look for.
@Suite("House rules")
struct HouseRulesTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func sources(_ target: String) throws -> [(name: String, text: String)] {
        let folder = root.appending(path: "Sources/\(target)")
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }.map {
            ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
        }
    }

    /// What each target may import; arrows point down only.
    static let imports: [String: Set<String>] = [
        "Terminal": ["Glibc"], "Report": ["CZlib", "FoundationEssentials"],
        "HostView": ["CLinux", "Glibc", "FoundationEssentials", "Synchronization"],
        "Engines": ["HostView", "Report", "FoundationEssentials", "Synchronization"],
        "Agent": [
            "ArgumentParser", "CLinux", "Engines", "FoundationEssentials", "Glibc", "HostView", "Report",
            "Synchronization",
            "Terminal",
        ],
        "Inventory": ["Foundation", "FoundationEssentials", "Report"],
        "SQL": [], "SQLiteDriver": ["FoundationEssentials", "GRDB", "SQL"],
        "Store": ["Foundation", "FoundationEssentials", "Inventory", "Report", "SQL", "Synchronization"],
        "PostgresDriver": ["CPostgres", "Foundation", "Glibc", "SQL", "Synchronization"],
        "Stores": ["Inventory", "PostgresDriver", "SQL", "SQLiteDriver", "Store"],
        "AWSClient": [
            "AsyncHTTPClient", "CExpat", "Crypto", "Foundation", "Logging", "NIOConcurrencyHelpers", "NIOCore",
            "NIOFoundationCompat", "NIOHTTP1", "NIOPosix", "NIOSSL", "Synchronization",
        ],
        "Fleet": [
            "AWSClient", "Crypto", "Foundation", "FoundationEssentials", "Inventory", "Logging", "NIOPosix", "Report",
            "Synchronization",
        ],
        "FleetSimulator": [
            "ArgumentParser", "Crypto", "Foundation", "HTTPTypes", "Hummingbird", "Logging", "NIOCore", "NIOPosix",
            "Report", "Synchronization",
        ],
        "Web": [
            "Crypto", "Foundation", "FoundationEssentials", "HTTPTypes", "Hummingbird", "HummingbirdCore", "Inventory",
            "Logging", "NIOCore", "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOPosix", "Report",
            "ServiceLifecycle", "Synchronization", "Terminal",
        ],
        "Collector": [
            "AWSClient", "ArgumentParser", "AsyncHTTPClient", "CLinux", "Fleet", "Foundation", "Hummingbird",
            "HummingbirdCore",
            "HummingbirdTLS", "Inventory", "Logging", "NIOCore", "NIOFoundationCompat", "NIOHTTP1", "NIOPosix",
            "NIOSSL",
            "Report", "ServiceLifecycle", "Store", "Stores", "Synchronization", "Terminal", "UnixSignals", "Web",
            "Yams",
        ],
    ]

    @Test("every target imports what its place allows")
    func importsOnly() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        for target in folders where !["CExpat", "CGlibc", "CLinux", "CPostgres", "CZlib"].contains(target) {
            let allowed = try #require(Self.imports[target], "\(target) has no place in the order of targets")
            for (name, text) in try Self.sources(target) {
                for line in text.matches(of: /(?m)^(?:@\w+ +|public +|internal +)*import +(\w+)/) {
                    #expect(allowed.contains(String(line.1)), "\(target)/\(name) imports \(line.1)")
                }
            }
        }
    }

    @Test("the agent runs nothing, connects to nothing and sends no signal: no such call in its sources")
    func agentOnlyLooks() throws {
        let call =
            /\b(exec[lv]\w*|posix_spawn\w*|v?fork|system|popen|connect|bind|t?kill|ptrace|getpw\w*|getaddrinfo|dlopen|unlink\w*|rename\w*|mkdir\w*|f?chmod|l?f?chown|f?truncate|creat|mknod|mount)\(/
        for target in ["Terminal", "Report", "HostView", "Engines", "Agent"] {
            for (name, text) in try Self.sources(target) {
                // The one file that it writes is emptied once it is known to be the user's own.
                let calls = text.matches(of: call).filter { !(name == "Output.swift" && $0.0 == "ftruncate(") }
                #expect(calls.isEmpty, "\(target)/\(name)")
            }
        }
    }

    /// The code of a source file: comments are left out.
    static func code(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
    }

    @Test("an engine's name is in its folder and in the registry, and in no other code")
    func engineNames() throws {
        let names = EngineRegistry.all.flatMap { [$0.id, $0.title.lowercased()] } + ["maria", "postgres", "percona"]
        let targets = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        let folders = Set(EngineRegistry.all.map(\.folder))
        for target in targets {
            for (file, text) in try Self.sources(target) {
                if target == "Engines", file == "EngineRegistry.swift" { continue }
                // Text of reports, which the compressor knows beforehand.
                if target == "Report", file.hasPrefix("Dictionary") { continue }
                // What the simulated hosts report.
                if target == "FleetSimulator", file == "Fleet/HostReport.swift" { continue }
                if target == "Engines", folders.contains(where: { file.hasPrefix($0 + "/") }) { continue }
                // Where the inventory itself is kept.
                let isStore = ["Collector", "PostgresDriver", "SQL", "Store", "Stores"].contains(target)
                // Help texts give examples.
                let lines = Self.code(text).filter { line in
                    var line = line.lowercased()
                    if isStore { line = line.replacing(/postgres(ql)?/, with: "") }
                    // Our own metrics have that server's format.
                    if target == "Web" { line = line.replacing("prometheus", with: "") }
                    return !line.contains("such as") && names.contains(where: line.contains)
                }
                #expect(lines.isEmpty, "\(target)/\(file): \(lines.first ?? "")")
            }
        }
    }

    @Test("every engine is declared in a folder of its name", arguments: EngineRegistry.all.map(\.folder))
    func engineFolders(folder: String) {
        let file = Self.root.appending(path: "Sources/Engines/\(folder)/\(folder).swift")
        #expect(FileManager.default.fileExists(atPath: file.path))
    }

    @Test("SQL is in Store and in no other target; a driver has what it asks its engine alone")
    func sqlInStore() throws {
        let sql =
            #/\b(SELECT .+ FROM|INSERT (?:OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE (TABLE|INDEX|TRIGGER)|PRAGMA) /#
        let targets = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        for target in targets where !["Store", "SQLiteDriver", "PostgresDriver"].contains(target) {
            for (file, text) in try Self.sources(target) {
                let lines = Self.code(text).filter { $0.contains(sql) }
                #expect(lines.isEmpty, "\(target)/\(file): \(lines.first ?? "")")
            }
        }
    }

    @Test("no comment is wider than 120 characters: swift format sees to the code", arguments: ["Sources", "Tests"])
    func commentWidth(folder: String) throws {
        let folder = Self.root.appending(path: folder)
        for file in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where file.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            let wide = text.split(separator: "\n").filter { $0.count > 120 && $0.contains(#/^ *//|  // /#) }
            #expect(wide.isEmpty, "\(file): \(wide.first ?? "")")
        }
    }

    @Test("every engine has a documentation page", arguments: EngineRegistry.all.map(\.id))
    func enginePages(id: String) throws {
        let text = try String(contentsOf: Self.root.appending(path: "docs/engines/\(id).md"), encoding: .utf8)
        #expect(text.count > 500)
    }

    @Test("the page on security names every variable that is kept of a server's environment")
    func variables() throws {
        let text = try String(contentsOf: Self.root.appending(path: "docs/security-agent.md"), encoding: .utf8)
        for variable in EngineRegistry.all.flatMap(\.profile.variables) { #expect(text.contains("`\(variable)`")) }
    }

    @Test("every problem code is explained in docs/report.md", arguments: ProblemCode.allCases)
    func problemCodes(code: ProblemCode) throws {
        let text = try String(contentsOf: Self.root.appending(path: "docs/report.md"), encoding: .utf8)
        #expect(text.contains("`\(code.rawValue)`"))
    }

    @Test("no source file is longer than 400 lines, and nine in ten are shorter than 300")
    func lengths() throws {
        let targets = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        let lengths = try targets.flatMap { try Self.sources($0) }.map {
            ($0.name, $0.text.split(separator: "\n", omittingEmptySubsequences: false).count)
        }
        for (name, length) in lengths { #expect(length <= 400, "\(name) has \(length) lines") }
        #expect(lengths.filter { $0.1 < 300 }.count * 10 >= lengths.count * 9)
    }
}

extension Engine {
    /// The engine's folder, which has its title.
    fileprivate var folder: String { title }
}
