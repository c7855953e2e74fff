/// An action of a Query service: its parameters as a form, its answer as XML. EC2's dialect is the same here.
///
/// Sources: smithy.io, "AWS query protocol" and "AWS EC2 query protocol".
package protocol QueryAction: AWSAction {
    var parameters: QueryParameters { get }
    static func output(_ xml: XMLNode) throws(AWSError) -> Output
}

/// Names and values of a form, in the order they were added. Absent values are left out.
package struct QueryParameters: Sendable {
    private(set) var values: [NamedValue] = []

    package init() {}

    package mutating func add(_ name: String, _ value: (some CustomStringConvertible)?) {
        if let value { values.append(NamedValue(name, "\(value)")) }
    }

    /// `Name.1`, `Name.2`, …
    package mutating func add(list name: String, _ values: [String]) {
        for (index, value) in values.enumerated() { add("\(name).\(index + 1)", value) }
    }

    /// EC2's `Filter.1.Name`, `Filter.1.Value.1`, …
    package mutating func add(filters: [Filter]) {
        for (index, filter) in filters.enumerated() {
            add("Filter.\(index + 1).Name", filter.name)
            add(list: "Filter.\(index + 1).Value", filter.values)
        }
    }

    /// A condition: one of the values.
    package struct Filter: Sendable, Equatable {
        package var name: String
        package var values: [String]

        package init(_ name: String, _ values: [String]) {
            self.name = name
            self.values = values
        }
    }
}

extension QueryAction {
    package func call(to origin: Origin, path: String, isOwnEndpoint: Bool) throws(AWSError) -> HTTPCall {
        let description = Self.description
        guard case .query(let version) = description.service.wire else {
            preconditionFailure("\(description.label) is declared as Query, its service is not")
        }
        let fields = [NamedValue("Action", description.name), NamedValue("Version", version)] + parameters.values
        return HTTPCall(
            "POST", origin, path: path + "/",
            headers: [NamedValue("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
            body: Array(PercentEncoding.form(fields).utf8))
    }

    package static func output(_ answer: HTTPAnswer) throws(AWSError) -> Output {
        let xml = try XMLNode.parse(answer)
        // <ActionResponse><ActionResult>…, and EC2's <ActionResponse>….
        guard xml.name == "\(Self.description.name)Response" else {
            throw AWSError(.malformed, AnswerText.notFrom("XML", answer, nil))
        }
        return try output(xml["\(Self.description.name)Result"] ?? xml)
    }
}
