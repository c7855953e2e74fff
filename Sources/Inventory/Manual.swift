/// Where the manual explains what a message is about. Each address is that of a section with meaning, check and fix.
public enum Manual {
    private static let operate = "https://github.com/dbcensus/dbcensus/blob/main/docs/operate/"

    /// What a reason means.
    public static func address(of reason: Reason) -> String { "\(operate)reasons.md#\(anchor(reason.rawValue))" }

    /// What a scope's code means.
    public static func address(of code: ScopeCode) -> String {
        "\(operate)reasons.md#\(anchor("scope " + code.rawValue))"
    }

    /// What a check of `doctor` looks at.
    public static func address(ofCheck name: String) -> String { "\(operate)doctor.md#\(anchor(name))" }

    /// The anchor of a heading, as GitHub makes it.
    public static func anchor(_ heading: String) -> String {
        String(
            heading.lowercased().compactMap { letter in
                letter == " " ? "-" : letter.isLetter || letter.isNumber || "_-".contains(letter) ? letter : nil
            })
    }
}
