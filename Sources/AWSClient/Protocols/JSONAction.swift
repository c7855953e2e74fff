import Foundation

/// An action of a JSON 1.1 service: its properties are the input's members, with a small first letter.
///
/// Source: smithy.io, "AWS JSON 1.1 protocol".
package protocol JSONAction: AWSAction, Encodable where Output: Decodable {}

extension JSONAction {
    package func call(to origin: Origin, path: String, isOwnEndpoint: Bool) throws(AWSError) -> HTTPCall {
        let description = Self.description
        guard case .json(let target) = description.service.wire else {
            preconditionFailure("\(description.label) is declared as JSON, its service is not")
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .custom { JSONKey($0[$0.count - 1].stringValue.capitalisedFirst) }
        let body: Data
        do { body = try encoder.encode(self) } catch {
            throw AWSError(.invalid, "the input cannot be written as JSON: \(error)")
        }
        return HTTPCall(
            "POST", origin, path: path + "/",
            headers: [
                NamedValue("Content-Type", "application/x-amz-json-1.1"),
                NamedValue("X-Amz-Target", "\(target).\(description.name)"),
            ], body: Array(body))
    }

    package static func output(_ answer: HTTPAnswer) throws(AWSError) -> Output {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        decoder.keyDecodingStrategy = .custom { JSONKey($0[$0.count - 1].stringValue.smallFirst) }
        do {
            // An action without output may answer nothing.
            return try decoder.decode(Output.self, from: answer.body.isEmpty ? Data("{}".utf8) : Data(answer.body))
        } catch let error as DecodingError {
            throw AWSError(.malformed, AnswerText.notFrom("JSON", answer, error.place))
        } catch {
            throw AWSError(.malformed, AnswerText.notFrom("JSON", answer, nil))
        }
    }
}

/// Nothing.
package struct NoOutput: Decodable, Sendable {}

private struct JSONKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension String {
    fileprivate var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
    fileprivate var smallFirst: String { prefix(1).lowercased() + dropFirst() }
}

extension DecodingError {
    /// Where in the answer the error is.
    fileprivate var place: String? {
        switch self {
        case .keyNotFound(let key, let context):
            (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty ? nil : context.codingPath.map(\.stringValue).joined(separator: ".")
        @unknown default: nil
        }
    }
}
