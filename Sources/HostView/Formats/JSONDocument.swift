import FoundationEssentials

/// A JSON text of which single values are asked for by their paths; what nobody asks for is never turned into a value.
///
/// The files of container runtimes and of cloud-init hold whole environments and secrets beside the few members that
/// matter.
public struct JSONDocument {
    private let decoder: any Decoder

    /// The document in `bytes`; nil when they are no JSON.
    public init?(_ bytes: [UInt8]) {
        guard let holder = try? JSONDecoder().decode(Holder.self, from: Data(bytes)) else { return nil }
        decoder = holder.decoder
    }

    private init(_ decoder: any Decoder) { self.decoder = decoder }

    /// The value at `path`, member by member; nil when there is none.
    public subscript(path: String...) -> JSONDocument? { at(path) }

    /// The text at `path`; nil when it is not there, or something else.
    public func string(_ path: String...) -> String? {
        at(path).flatMap { try? $0.decoder.singleValueContainer().decode(String.self) }
    }

    /// The whole number at `path`.
    public func integer(_ path: String...) -> Int? {
        at(path).flatMap { try? $0.decoder.singleValueContainer().decode(Int.self) }
    }

    /// The truth value at `path`.
    public func boolean(_ path: String...) -> Bool? {
        at(path).flatMap { try? $0.decoder.singleValueContainer().decode(Bool.self) }
    }

    /// The names of the members, sorted; none when this is no object.
    public var keys: [String] { (try? decoder.container(keyedBy: Key.self))?.allKeys.map(\.stringValue).sorted() ?? [] }

    /// The elements, at most `limit`; none when this is no array.
    public func elements(limit: Int = 65_536) -> [JSONDocument] {
        guard var container = try? decoder.unkeyedContainer() else { return [] }
        var found: [JSONDocument] = []
        while !container.isAtEnd, found.count < limit, let element = try? container.superDecoder() {
            found.append(JSONDocument(element))
        }
        return found
    }

    /// The value at `path`, member by member.
    public func at(_ path: [String]) -> JSONDocument? {
        var decoder = decoder
        for name in path {
            let key = Key(stringValue: name)
            guard let container = try? decoder.container(keyedBy: Key.self), container.contains(key),
                (try? container.decodeNil(forKey: key)) == false, let inner = try? container.superDecoder(forKey: key)
            else { return nil }
            decoder = inner
        }
        return JSONDocument(decoder)
    }

    private struct Holder: Decodable {
        let decoder: any Decoder
        init(from decoder: any Decoder) { self.decoder = decoder }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension HostRoot {
    /// The JSON file at `path`; nil when there is none, or it cannot be read.
    ///
    /// - Throws: `malformed` when it is no JSON, `tooLarge` when it is longer than `limit`.
    public func json(_ path: String, limit: Int = 4 << 20) throws(HostError) -> JSONDocument? {
        let contents: FileContents
        do throws(HostError) { contents = try read(path, limit: limit) } catch {
            if error.reason.isAbsent { return nil }
            throw error
        }
        if let shortfall = contents.shortfalls.first { throw shortfall }
        guard let document = JSONDocument(contents.bytes) else {
            throw HostError(operation: "parse", path: path, reason: .malformed)
        }
        return document
    }
}
