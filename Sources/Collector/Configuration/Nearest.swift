/// The known name that a mistyped one most likely means.
enum Nearest {
    /// `; did you mean server.port?`, or the names where none is near and there are few.
    static func hint(_ name: String, among names: [String]) -> String {
        if let nearest = nearest(name, among: names) { return "; did you mean \(nearest)?" }
        return names.isEmpty || names.count > 12 ? "" : "; there are \(names.joined(separator: ", "))"
    }

    /// The nearest name: one with the same last part, one that begins so, or one that differs in a third of its
    /// letters.
    static func nearest(_ name: String, among names: [String]) -> String? {
        let last = name.split(separator: ".").last.map(String.init) ?? name
        if let same = names.first(where: { $0.hasSuffix("." + last) }) { return same }
        if name.count > 2, let longer = names.first(where: { $0.hasPrefix(name) || name.hasPrefix($0) }) {
            return longer
        }
        let distances = names.map { (name: $0, distance: distance(name, $0)) }
        let best = distances.min { $0.distance < $1.distance }
        return best.flatMap { $0.distance <= max(1, $0.name.count / 3) ? $0.name : nil }
    }

    /// The least number of letters to insert, remove or replace (Levenshtein's distance).
    static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one.prefix(100)), Array(other.prefix(100)))
        var row = Array(0...other.count)
        for (i, letter) in one.enumerated() {
            var next = [i + 1]
            for (j, candidate) in other.enumerated() {
                next.append(min(row[j] + (letter == candidate ? 0 : 1), row[j + 1] + 1, next[j] + 1))
            }
            row = next
        }
        return row[other.count]
    }
}
