import CExpat

/// Builds the tree of an XML answer with libexpat, which has no network, reads no file, and bounds what entities grow
/// to.
final class XMLTree {
    private var root: XMLNode?
    private var open: [XMLNode] = []
    private var count = 0
    /// What the answer should have been, when it broke a limit.
    private(set) var problem: String?
    private let parser = XML_ParserCreate(nil)

    deinit { XML_ParserFree(parser) }

    /// The root of the document `body`; nil when it is none, and when it declares a document type.
    static func read(_ body: [UInt8]) -> (root: XMLNode?, problem: String?) {
        let tree = XMLTree()
        let root = tree.read(body)
        return (root, tree.problem)
    }

    private func read(_ body: [UInt8]) -> XMLNode? {
        guard let parser, let length = Int32(exactly: body.count) else { return nil }
        // Alive during the calls below, which are all on this thread.
        XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        XML_SetElementHandler(
            parser, { tree, name, _ in XMLTree.of(tree)?.start(name) }, { tree, _ in XMLTree.of(tree)?.end() })
        XML_SetCharacterDataHandler(parser) { tree, text, length in XMLTree.of(tree)?.append(text, length) }
        XML_SetStartDoctypeDeclHandler(parser) { tree, _, _, _, _ in XMLTree.of(tree)?.stop() }
        let status = body.withUnsafeBytes {
            XML_Parse(parser, $0.bindMemory(to: CChar.self).baseAddress, length, 1)
        }
        return status == XML_STATUS_OK && problem == nil ? root : nil
    }

    private static func of(_ pointer: UnsafeMutableRawPointer?) -> XMLTree? {
        pointer.map { Unmanaged<XMLTree>.fromOpaque($0).takeUnretainedValue() }
    }

    private func stop() { XML_StopParser(parser, XML_Bool(0)) }

    private func start(_ name: UnsafePointer<CChar>?) {
        count += 1
        guard open.count < XMLNode.deepest, count <= XMLNode.most else {
            problem = "XML of at most \(XMLNode.deepest) levels and \(XMLNode.most) elements"
            return stop()
        }
        let name = name.map { String(cString: $0) } ?? ""
        open.append(XMLNode(name: String(name.split(separator: ":").last ?? "")))
    }

    private func append(_ text: UnsafePointer<CChar>?, _ length: Int32) {
        guard !open.isEmpty, let text else { return }
        open[open.count - 1].text += String(
            decoding: UnsafeRawBufferPointer(start: text, count: Int(length)), as: UTF8.self)
    }

    private func end() {
        guard var done = open.popLast() else { return }
        // Blanks between elements are not their parent's text.
        if !done.children.isEmpty { done.text = "" }
        if open.isEmpty { root = done } else { open[open.count - 1].children.append(done) }
    }
}
