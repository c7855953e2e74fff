import Foundation

/// Any JSON, as far as it takes to find the strings in it.
struct JSONValue {
    private let value: Any

    /// The value of a JSON text; nil when it is none, or when it may have more than `most` values in it.
    init?(_ json: some Collection<UInt8>, most: Int) {
        // A value takes some kilobytes of memory: what has too many is not read at all.
        var count = 0
        for byte in json where byte == UInt8(ascii: ",") || byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
            count += 1
            if count > most { return nil }
        }
        guard let value = try? JSONSerialization.jsonObject(with: Data(json), options: [.fragmentsAllowed]) else {
            return nil
        }
        self.value = value
    }

    /// A report, or something that calls itself one: it has a schema, or databases.
    var isReport: Bool {
        guard let members = value as? [String: Any] else { return false }
        return members["schema"] != nil || members["databases"] != nil
    }

    /// Strings that hold the beginning of a frame, each with its place, and with the instance that it came from.
    func framedStrings() -> [(place: String, text: String)] { Self.framedStrings(value, "") }

    private static func framedStrings(_ value: Any, _ place: String) -> [(place: String, text: String)] {
        func below(_ name: String) -> String { place.isEmpty ? name : place + "." + name }
        if let text = value as? String { return text.contains("-----BEGIN DBCENSUS REPORT") ? [(place, text)] : [] }
        if let list = value as? [Any] {
            return list.enumerated().flatMap { framedStrings($1, below("\($0)")) }
        }
        guard let members = value as? [String: Any] else { return [] }
        var own = place
        if let instance = members["InstanceId"] as? String { own += place.isEmpty ? instance : " (\(instance))" }
        return members.sorted { $0.key < $1.key }.flatMap { name, value in
            framedStrings(value, own.isEmpty ? name : own + "." + name)
        }
    }
}
