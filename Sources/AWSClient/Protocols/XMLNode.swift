/// An element of an XML answer: its name, its text and its children. Prefixes, attributes and comments are left out.
package struct XMLNode: Sendable, Equatable {
    package var name: String
    package var text = ""
    package var children: [XMLNode] = []

    /// Elements below elements.
    static let deepest = 32
    /// Elements of an answer.
    static let most = 1_000_000

    /// Reads an answer. A document type is refused: no service sends one, and entities are declared in it.
    ///
    /// - Throws: `malformed`.
    package static func parse(_ answer: HTTPAnswer) throws(AWSError) -> XMLNode {
        guard answer.body.firstIndex(of: UInt8(ascii: "<")) != nil else {
            throw AWSError(.malformed, AnswerText.notFrom("XML", answer, nil))
        }
        let (root, problem) = XMLTree.read(answer.body)
        guard let root else { throw AWSError(.malformed, AnswerText.notFrom(problem ?? "XML", answer, nil)) }
        return root
    }

    /// The first child of that name.
    package subscript(_ name: String) -> XMLNode? { children.first { $0.name == name } }

    /// The element at `path`, such as `CreateResult/Id`.
    package func at(_ path: String) -> XMLNode? {
        path.split(separator: "/").reduce(Optional(self)) { node, name in node?[String(name)] }
    }

    /// The text at `path`; `nil` when there is no such element, or it is empty.
    package func text(_ path: String) -> String? {
        at(path).flatMap { $0.text.isEmpty ? nil : $0.text }
    }

    /// The elements of a list: the children named `member` or `item`.
    package func list(_ path: String) -> [XMLNode] {
        at(path)?.children.filter { $0.name == "member" || $0.name == "item" } ?? []
    }

    /// The text at `path`, or an error that names it.
    package func required(_ path: String) throws(AWSError) -> String {
        guard let text = text(path) else {
            throw AWSError(.malformed, "the answer has no \(path): this version may not know the service's format")
        }
        return text
    }
}
