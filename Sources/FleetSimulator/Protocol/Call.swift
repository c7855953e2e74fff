import Foundation

/// A call whose caller is known.
struct Call: Sendable {
    var simulator: Simulator
    var service: Service
    var action: String
    var region: String
    /// The region's place in the fleet's.
    var regionIndex: Int
    var principal: Principal
    var request: HTTPCall
    var requestID: String

    var fleet: Fleet { simulator.fleet }
    var account: Account { principal.account }

    func answer() throws(AWSFailure) -> Answer {
        switch service {
        case .sts: try sts()
        case .organizations: .json(try organizations(json()))
        case .ec2: .xml(try ec2(EC2Form(request)))
        case .ssm: .json(try ssm(json()))
        case .s3: try s3()
        case .sns: try sns()
        }
    }

    /// An action of `Service.actions` that a service does not answer.
    var unknownAction: AWSFailure { AWSFailure("InternalFailure", "fleet-simulator has no \(action)", status: 500) }

    func form() -> [String: String] { HTTPCall.pairs(String(decoding: request.body, as: UTF8.self)) }

    private func json() throws(AWSFailure) -> JSON {
        if request.body.isEmpty { return .object([]) }
        do { return try JSONDecoder().decode(JSON.self, from: Data(request.body)) } catch {
            throw AWSFailure("SerializationException", "the body is not JSON")
        }
    }

    func reply(_ answer: Answer) -> (status: Int, headers: [String: String], body: [UInt8]) {
        switch answer {
        case .json(let json):
            return (200, ["Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": requestID], json.bytes)
        case .xml(let content):
            var xml = XML("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
            let name = "\(action)Response"
            let namespace =
                [.ec2: "http://ec2.amazonaws.com/doc/2016-11-15/", .sts: "https://sts.amazonaws.com/doc/2011-06-15/"][
                    service]
                ?? "http://sns.amazonaws.com/doc/2010-03-31/"
            xml = XML(xml.text + "<\(name) xmlns=\"\(namespace)\">")
            if service == .ec2 {
                xml.add("requestId", requestID)
                xml = XML(xml.text + content.text)
            } else {
                xml.add("\(action)Result") { $0 = XML($0.text + content.text) }
                xml.add("ResponseMetadata") { $0.add("RequestId", requestID) }
            }
            return (
                200, ["Content-Type": "text/xml", "x-amzn-RequestId": requestID], Array("\(xml.text)</\(name)>".utf8)
            )
        case .object(let bytes, var headers):
            headers["x-amz-request-id"] = requestID
            return (200, headers, bytes ?? [])
        }
    }
}

extension Service {
    func reply(_ failure: AWSFailure, requestID: String, isHead: Bool) -> (
        status: Int, headers: [String: String], body: [UInt8]
    ) {
        var headers = ["Content-Type": "text/xml", "x-amzn-RequestId": requestID]
        var xml = XML("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        func error(_ xml: inout XML) {
            if self == .sts || self == .sns { xml.add("Type", failure.status < 500 ? "Sender" : "Receiver") }
            xml.add("Code", failure.code)
            xml.add("Message", failure.message)
        }
        switch self {
        case .ssm, .organizations:
            headers["Content-Type"] = "application/x-amz-json-1.1"
            let json: JSON = [
                "__type": .string(failure.code), "message": .string(failure.message),
                "Message": .string(failure.message),
            ]
            return (failure.status, headers, json.bytes)
        case .sts, .sns:
            xml.add("ErrorResponse") { xml in
                xml.add("Error", error)
                xml.add("RequestId", requestID)
            }
        case .ec2:
            xml.add("Response") { xml in
                xml.add("Errors") { $0.add("Error", error) }
                xml.add("RequestID", requestID)
            }
        case .s3:
            headers = ["Content-Type": "application/xml", "x-amz-request-id": requestID]
            xml.add("Error") { xml in
                error(&xml)
                xml.add("RequestId", requestID)
            }
        }
        return (failure.status, headers, isHead ? [] : Array(xml.text.utf8))
    }
}
