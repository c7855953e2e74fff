/// Percent-encoding as SigV4 wants it: all but letters, digits and `-._~`, in capitals (RFC 3986, section 2.3).
package enum PercentEncoding {
    /// - Parameter keepingSlashes: leaves `/` as it is, for a path.
    package static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                output.append(byte)
            case UInt8(ascii: "/") where keepingSlashes: output.append(byte)
            default:
                output.append(UInt8(ascii: "%"))
                output.append(digits[Int(byte >> 4)])
                output.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    /// `name=value&…`, the body of a form: a blank is a plus sign.
    static func form(_ values: [NamedValue]) -> String {
        values.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&").replacing("%20", with: "+")
    }
}
