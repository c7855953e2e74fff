import Foundation
import FoundationXML

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
        let parser = XMLParser(data: Data(answer.body))
        parser.shouldResolveExternalEntities = false
        let builder = Builder()
        parser.delegate = builder
        let isRead = !hasDocumentType(answer.body) && parser.parse()
        guard isRead, builder.problem == nil, let root = builder.root else {
            throw AWSError(.malformed, AnswerText.notFrom(builder.problem ?? "XML", answer, nil))
        }
        return root
    }

    private static func hasDocumentType(_ body: [UInt8]) -> Bool {
        var rest = body[...]
        while let mark = rest.firstIndex(of: UInt8(ascii: "!")) {
            rest = rest[(mark + 1)...]
            let word = String(decoding: rest.prefix(7), as: UTF8.self).uppercased()
            if word == "DOCTYPE" || word.hasPrefix("ENTITY") { return true }
        }
        return false
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

/// Builds the tree. XMLParser calls it on the thread of `parse()`.
private final class Builder: NSObject, XMLParserDelegate {
    var root: XMLNode?
    var problem: String?
    private var open: [XMLNode] = []
    private var count = 0

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        count += 1
        guard open.count < XMLNode.deepest, count <= XMLNode.most else {
            problem = "XML of at most \(XMLNode.deepest) levels and \(XMLNode.most) elements"
            parser.abortParsing()
            return
        }
        open.append(XMLNode(name: String(name.split(separator: ":").last ?? "")))
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        guard !open.isEmpty else { return }
        open[open.count - 1].text += text
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        guard var done = open.popLast() else { return }
        // Blanks between elements are not their parent's text.
        if !done.children.isEmpty { done.text = "" }
        if open.isEmpty { root = done } else { open[open.count - 1].children.append(done) }
    }
}
