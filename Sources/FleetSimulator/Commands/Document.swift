import Foundation

/// A Run Command document that the fleet has.
struct Document: Sendable {
    var name: String
    /// The names of its shell steps, in order.
    var steps: [(name: String, shell: String)]
    /// SHA-256 of the content, in hex.
    var hash: String
    /// The parameters by name: a pattern, the allowed values, whether there is a default.
    var parameters: [String: JSON]
    /// Whether its hosts print a report of dbcensus.
    var isCensus: Bool
    /// Its file; nil for one that is built in, or that a call made.
    var path: String?
    var content: [UInt8] = []
    var description: String?

    /// A document of Amazon's, which prints a line.
    static let runShellScript = Document(
        name: "AWS-RunShellScript", steps: [("aws:runShellScript", "")], hash: Signature.hash([]),
        parameters: [
            "commands": .null, "workingDirectory": .null, "executionTimeout": .null,
        ], isCensus: false)

    /// `dbcensus` without its file: any parameters, the steps of the real one.
    static let census = Document(
        name: "dbcensus", steps: [("scan", "")] + (2...10).map { ("output-\($0)", "") }, hash: Signature.hash([]),
        parameters: [:], isCensus: true)

    /// The document `name` from a file of schema 2.2.
    init(name: String, path: String) throws {
        let content = try Data(contentsOf: URL(filePath: path))
        do throws(AWSFailure) { self = try Document(name: name, content: Array(content)) } catch {
            throw SimulatorError("\(path): \(error.message)")
        }
        self.path = path
    }

    /// A document of schema 2.2. Its hosts print a report if its first step is `scan`.
    init(name: String, content: [UInt8]) throws(AWSFailure) {
        guard let json = try? JSONDecoder().decode(JSON.self, from: Data(content)) else {
            throw AWSFailure("InvalidDocumentContent", "JSON not well-formed.")
        }
        guard json["schemaVersion"]?.string == "2.2" else {
            throw AWSFailure("InvalidDocumentSchemaVersion", "The version of the document schema isn't supported.")
        }
        let steps = (json["mainSteps"]?.array ?? []).filter { $0["action"]?.string == "aws:runShellScript" }
        guard !steps.isEmpty else {
            throw AWSFailure("InvalidDocumentContent", "The document has no step aws:runShellScript.")
        }
        self.init(
            name: name,
            steps: steps.map { step in
                let lines = step["inputs"]?["runCommand"]?.strings ?? []
                return (step["name"]?.string ?? "", lines.joined(separator: "\n") + "\n")
            }, hash: Signature.hash(content),
            parameters: Dictionary(
                (json["parameters"]?.fields ?? []).compactMap { key, value in value.map { (key, $0) } }
            ) { $1 },
            isCensus: steps.first?["name"]?.string == "scan")
        self.content = content
        description = json["description"]?.string
    }

    init(name: String, steps: [(name: String, shell: String)], hash: String, parameters: [String: JSON], isCensus: Bool)
    {
        self.name = name
        self.steps = steps
        self.hash = hash
        self.parameters = parameters
        self.isCensus = isCensus
    }

    /// The value of each parameter, its default included.
    func values(_ given: [String: [String]]) throws(AWSFailure) -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in given {
            guard let parameter = parameters[name] ?? (parameters.isEmpty ? .null : nil) else {
                throw AWSFailure("InvalidParameters", "Parameter \"\(name)\" is not defined in document.")
            }
            let text = value.joined(separator: "\n")
            if let allowed = parameter["allowedValues"]?.strings, !allowed.contains(text) {
                throw AWSFailure("InvalidParameters", "Parameter \"\(name)\" is not one of the allowed values.")
            }
            if let pattern = parameter["allowedPattern"]?.string.flatMap({ try? Regex($0) }),
                text.firstMatch(of: pattern) == nil
            {
                throw AWSFailure("InvalidParameters", "Parameter \"\(name)\" does not match the allowed pattern.")
            }
            values[name] = text
        }
        for (name, parameter) in parameters where values[name] == nil {
            values[name] = parameter["default"]?.string
        }
        return values
    }
}

struct SimulatorError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
