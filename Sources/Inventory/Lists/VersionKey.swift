/// Versions as text that sorts as the versions do: `8.0.4` before `8.0.36`, `18beta1` before `18`, `8.0` before
/// `8.0.1`.
///
/// Numbers are padded; a word (a pre-release) sorts before the end, the end before a further number.
public enum VersionKey {
    private static let digits = 12
    /// The most characters of a version that count.
    private static let limit = 64

    /// The key of `version`; nil when it has no digit.
    public static func of(_ version: String) -> String? {
        var key = ""
        var rest = version.unicodeScalars.prefix(limit)
        var hasNumber = false
        while let first = rest.first {
            if isDigit(first) {
                let number = rest.prefix(while: isDigit).drop { $0 == "0" }
                key += "5" + String(repeating: "0", count: max(0, digits - number.count)) + String(number)
                rest = rest.drop(while: isDigit)
                hasNumber = true
            } else if isLetter(first) {
                key += "3" + String(rest.prefix(while: isLetter)).lowercased() + " "
                rest = rest.drop(while: isLetter)
            } else {
                rest = rest.dropFirst()
            }
        }
        return hasNumber ? key + "4" : nil
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
}
