import Store
import Testing

@testable import Collector

@Suite("Lists as CSV and JSON")
struct ListOutputTests {
    @Test(
        "CSV cells: quotes doubled, formulas made harmless",
        arguments: [
            ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("=1+1", "'=1+1"),
            ("@cmd", "'@cmd"), ("-2", "'-2"), ("＝1", "'＝1"),
            ("+1,2", "\"'+1,2\""), ("a\r\nb", "\"a\r\nb\""), ("", ""), ("\tx", "'\tx"),
        ])
    func cells(value: String, cell: String) { #expect(CSV.cell(value) == cell) }

    @Test("CSV ends its lines with CR LF and keeps its columns")
    func header() {
        #expect(
            CSV.text([], DatabasesCommand.columns).hasPrefix(
                "id,key,host_id,hostname,account_id,region,engine,vendor,version,"))
        #expect(CSV.text([], HostsListCommand.columns).hasSuffix(",first_seen,last_seen,sender,retired_at\r\n"))
    }

    @Test("a list as JSON has its items and a next_cursor, null at the end")
    func json() throws {
        let text = try JSONList.text(Page<HostRow>(items: [], next_cursor: nil))
        #expect(text.contains("\"items\"") && text.contains("\"next_cursor\" : null"))
    }
}
