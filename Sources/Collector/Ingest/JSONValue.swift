/// Any JSON, as far as it takes to find the strings in it.
enum JSONValue: Decodable {
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let list = try? container.decode([JSONValue].self) {
            self = .array(list)
        } else if let members = try? container.decode([String: JSONValue].self) {
            self = .object(members)
        } else {
            self = .other
        }
    }

    /// A report, or something that calls itself one: it has a schema, or databases.
    var isReport: Bool {
        guard case .object(let members) = self else { return false }
        return members["schema"] != nil || members["databases"] != nil
    }

    /// Strings that hold the beginning of a frame, each with its place, and with the instance that it came from.
    func framedStrings(_ place: String = "") -> [(place: String, text: String)] {
        func below(_ name: String) -> String { place.isEmpty ? name : place + "." + name }
        switch self {
        case .string(let text): return text.contains("-----BEGIN DBCENSUS REPORT") ? [(place, text)] : []
        case .array(let list): return list.enumerated().flatMap { $1.framedStrings(below("\($0)")) }
        case .object(let members):
            var own = place
            if case .string(let instance)? = members["InstanceId"] {
                own += place.isEmpty ? instance : " (\(instance))"
            }
            return members.sorted { $0.key < $1.key }.flatMap { name, value in
                value.framedStrings(own.isEmpty ? name : own + "." + name)
            }
        case .other: return []
        }
    }
}
