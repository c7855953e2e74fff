/// Words on an answer that no AWS service gives.
enum AnswerText {
    private static let excerptLength = 60

    static func notFrom(_ format: String, _ answer: HTTPAnswer, _ place: String?) -> String {
        if let place { return "the answer has no valid \(place): this version may not know the service's format" }
        let type = answer.header("content-type") ?? "no content type"
        return "the answer is not the service's \(format) (status \(answer.status), \(type), begins with "
            + "\(excerpt(answer.body))): check the endpoint's address, and proxies on the way"
    }

    /// The first characters in quotes; control characters are left out.
    static func excerpt(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(4 * excerptLength), as: UTF8.self).unicodeScalars.filter {
            $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
        }
        return body.isEmpty ? "nothing" : "\"\(String(String.UnicodeScalarView(text)).prefix(excerptLength))\""
    }
}
