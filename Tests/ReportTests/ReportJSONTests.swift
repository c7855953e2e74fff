import FoundationEssentials
import Report
import Testing

@Suite("Report as JSON")
struct ReportJSONTests {
    @Test("what was written is read again, pretty or minified")
    func roundTrip() throws {
        let report = Samples.report()
        #expect(try Report.decode(json: try report.json(.pretty)) == report)
        #expect(try Report.decode(json: try report.json(.minified)) == report)
    }

    @Test("keys are sorted, unknown values are null, times carry milliseconds")
    func shape() throws {
        let text = String(decoding: try Samples.report(databases: 1).json(.minified), as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"{"agent":{"architecture":"x86_64","version":"0.1.0"},"databases":[{"config_files":[],"container":null,"#
            ))
        #expect(text.contains(#""cloud":null"#))
        #expect(text.contains(#""started_at":"2026-09-21T14:13:20.123Z""#))
        #expect(text.contains(#""schema":"dbcensus.report/1""#))
    }

    @Test("a key that a newer agent added is ignored; one that an older agent did not know is null")
    func unknownKeys() throws {
        var text = String(decoding: try Samples.report().json(.minified), as: UTF8.self)
        text = text.replacing(#"{"agent":{"#, with: #"{"a_new_key":[1,{"x":2}],"agent":{"also_new":true,"#)
        text = text.replacing(#""cloud":null,"#, with: "")
        #expect(try Report.decode(json: Array(text.utf8)) == Samples.report())
    }

    @Test(
        "what is no report of this schema is refused with its reason",
        arguments: [
            (#"{"schema":"dbcensus.report/2"}"#, ReportError.Code.unknownSchema), (#"{"schema":"x"}"#, .unknownSchema),
            (#"{}"#, .badJSON), ("[]", .badJSON), ("", .badJSON), (#"{"schema":"dbcensus.report/1"}"#, .badJSON),
            (String(repeating: "[", count: 100_000), .badJSON),
        ])
    func refused(text: String, code: ReportError.Code) {
        #expect { try Report.decode(json: Array(text.utf8)) } throws: { ($0 as? ReportError)?.code == code }
    }

    @Test("trailing bytes and two databases with one key are refused")
    func inconsistent() throws {
        let bytes = try Samples.report().json(.minified)
        #expect(throws: ReportError.self) { try Report.decode(json: bytes + Array("{}".utf8)) }
        var report = Samples.report()
        report.databases[1].key = report.databases[0].key
        let json = try report.json(.minified)
        #expect { try Report.decode(json: json) } throws: { ($0 as? ReportError)?.code == .invalid }
    }

    @Test(
        "a time survives writing and reading",
        arguments: [0, 0.001, 1_790_000_000.999, 1_790_000_000.123, 951_782_400.5])
    func times(seconds: Double) throws {
        let date = Timestamp.rounded(Date(timeIntervalSince1970: seconds))
        #expect(Timestamp.parse(Timestamp.format(date)) == date)
    }

    @Test("a time without a fraction is taken; nonsense is not")
    func otherTimes() {
        #expect(Timestamp.parse("2026-11-21T00:00:00Z") == Timestamp.parse("2026-11-21T00:00:00.000Z"))
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", String(repeating: "2", count: 1000)] {
            #expect(Timestamp.parse(text) == nil, "\(text.prefix(30))")
        }
    }
}
