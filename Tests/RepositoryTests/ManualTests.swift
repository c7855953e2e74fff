import Foundation
import Inventory
import Testing

/// What messages point to is in the manual, and the manual explains nothing else.
@Suite("Manual")
struct ManualTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    private func headings(_ path: String) throws -> [String] {
        try text(path).matches(of: /(?m)^## (.+)$/).map { String($0.1) }
    }

    @Test("each reason and each scope's code has one section")
    func reasons() throws {
        let wanted = Reason.allCases.map(\.rawValue) + ScopeCode.allCases.map { "Scope \($0.rawValue)" }
        #expect(try headings("docs/operate/reasons.md") == wanted)
        for reason in Reason.allCases {
            #expect(Manual.address(of: reason).hasSuffix("/docs/operate/reasons.md#\(reason.rawValue)"))
        }
        #expect(Manual.address(of: ScopeCode.deniedBySCP).hasSuffix("#scope-denied_by_scp"))
    }

    @Test("each check of doctor has one section")
    func checks() throws {
        let folder = "Sources/Collector/Commands/Doctor"
        var names: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: folder).path) {
            let source = try text("\(folder)/\(file)")
            for match in source.matches(of: /(?:write|step|allowed)\(\s*"([^"\\]+)"/) { names.insert(String(match.1)) }
            for match in source.matches(of: /\(\s*"([a-z ]+)",\s*(?:\.|isOverdue|identity|replication|summary|valid)/) {
                names.insert(String(match.1))
            }
        }
        // Accounts that refuse share a section.
        names.remove("aws accounts")
        names.insert("aws account")
        #expect(try Set(headings("docs/operate/doctor.md")) == names)
        #expect(names.count > 25)
        #expect(Manual.address(ofCheck: "sts:AssumeRole").hasSuffix("/docs/operate/doctor.md#stsassumerole"))
    }
}
